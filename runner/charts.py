"""Which chart the ingress controller is installed from on the sandbox: the official one where it can be reached."""

import shutil
from pathlib import Path

import requests

CHARTS = Path(__file__).parent / "charts"
_SECONDS = 3


def reachable(repository: str) -> bool:
    """Whether a chart repository answers within 3 s."""
    try:
        return requests.head(f"{repository.rstrip('/')}/index.yaml", timeout=_SECONDS, allow_redirects=True).ok
    except requests.RequestException:
        return False


def stand_in(chart: str, into: Path) -> Path:
    """Assembles the chart of our own that honours the values of the official chart of that name.

    Args:
        chart: `nginx-ingress`, `ingress-nginx` or `traefik`.
        into: folder that gets (or already has) a folder named after the chart.
    """
    folder = into / chart
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHARTS / "shared", folder / "templates")
    for file in (CHARTS / chart).iterdir():
        shutil.copy(file, folder / "templates" if file.suffix == ".tpl" else folder)
    return folder
