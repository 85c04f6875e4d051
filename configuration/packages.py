"""Checks that `.venv` has the packages that the program needs: an interrupted installation leaves some out.

The program imports this before anything that could be missing, so that the user sees one line and no traceback.
"""

from importlib.util import find_spec

import pulumi

NEEDED = (
    "click",
    "exoscale",
    "kubernetes",
    "pulumi_command",
    "pulumi_kubernetes",
    "pulumiverse_exoscale",
    "requests",
    "urllib3",
    "yaml",
)
"""Import names of the packages in requirements.txt."""


def check() -> None:
    """Looks for each package without importing it.

    Raises:
        pulumi.RunError: names the missing ones and says what to do.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        cure = "an installation was interrupted: `rm -rf .venv && pulumi install`, then run it again"
        raise pulumi.RunError(f".venv lacks {', '.join(missing)}, so {cure}")


check()
