"""Reads which chart to install in place of the official one."""

from components.checks import ANY, Form
from components.ingress import Chart

from .reading import Table

CHART = Form(r"\S(.*\S)?", "a chart's name, folder or oci:// address")


def chart(table: Table, official: Chart | None, repository_key: str = "repository") -> Chart | None:
    """Returns the official chart with overrides; None for the official one as it is.

    Another chart does not come from the official repository.

    Args:
        table: the settings, with the keys `chart`, `version` and the repository's.
        official: the official chart; None if nothing is installed, and the settings are only checked.
        repository_key: the key of the chart repository.
    """
    known = official or Chart("")
    name = table.text("chart", known.name, form=CHART if official else ANY)
    same = name == known.name
    repository = table.text(repository_key, (known.repository if same else None) or "", form=ANY)
    version = table.text("version", (known.version if same else None) or "", form=ANY)
    made = Chart(name, repository or None, version or None)
    return None if made == known else made
