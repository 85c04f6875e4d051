"""Reads the settings of the GitOps tool."""

from components.gitops import TOOLS, GitOpsArgs

from .charts import chart
from .reading import Table

NO_TOOL = "none"


def gitops(table: Table) -> GitOpsArgs | None:
    """Reads the object `gitops`; notes mistakes in its problems. Returns None for none."""
    tool = table.text("tool", NO_TOOL, allowed=(*TOOLS, NO_TOOL))
    official = TOOLS[tool].chart if tool in TOOLS else None
    keys = {"repository": "repository", "path": "path", "branch": "branch", "timeout_seconds": "timeout-seconds"}
    arguments = {"repository": None, **table.arguments(GitOpsArgs, **keys)}
    other = chart(table, official, "chart-repository")
    table.finish()
    return table.made(GitOpsArgs, {**arguments, "tool": tool, "chart": other}) if official else None
