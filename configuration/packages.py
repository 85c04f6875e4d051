"""Whether `.venv` has what the program needs: an installation that was interrupted leaves part of it.

Imported by the program before anything that could be missing, so that its user reads one line and no traceback.
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
"""The packages of requirements.txt, as they are imported."""


def check() -> None:
    """Looks for each package without importing it.

    Raises:
        pulumi.RunError: which are missing, and what to do.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        cure = "an installation was interrupted: `rm -rf .venv && pulumi install`, then run it again"
        raise pulumi.RunError(f".venv lacks {', '.join(missing)}, so {cure}")


check()
