"""Chooses the ingress controller's chart on the sandbox: the official one if it can be reached, or else our own."""

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
    """Assembles our own chart, which takes the same values as the official chart of that name.

    Args:
        chart: `nginx-ingress`, `ingress-nginx` or `traefik`.
        into: parent folder for the chart's folder, which may already exist.
    """
    folder = into / chart
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHARTS / "shared", folder / "templates")
    for file in (CHARTS / chart).iterdir():
        shutil.copy(file, folder / "templates" if file.suffix == ".tpl" else folder)
    return folder
