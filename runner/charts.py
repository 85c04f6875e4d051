"""Chooses the charts on the sandbox: the official ones if they can be reached, or else our own."""

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
        chart: name of a folder in `charts/`.
        into: parent folder for the chart's folder, which may already exist.
    """
    folder, ours = into / chart, CHARTS / chart
    shutil.rmtree(folder, ignore_errors=True)
    if (ours / "templates").is_dir():
        return Path(shutil.copytree(ours, folder))
    shutil.copytree(CHARTS / "shared", folder / "templates")
    for file in ours.iterdir():
        shutil.copy(file, folder / "templates" if file.suffix == ".tpl" else folder)
    return folder
