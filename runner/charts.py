"""Chooses the charts of a stack on the sandbox: the official ones if they can be reached, or else our own."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from components.ingress import Chart  # which imports Pulumi

CHARTS = Path(__file__).parent / "charts"
GATEWAY_API = CHARTS / "gateway-api.yaml"
"""Our definitions of the Gateway API."""
_SECONDS = 3


def reachable(address: str) -> bool:
    """Whether a file can be downloaded: an answer comes within 3 s."""
    try:
        return requests.head(address, timeout=_SECONDS, allow_redirects=True).ok
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
    shutil.copytree(ours, folder)
    if (ours / "_settings.tpl").exists():  # an ingress controller's
        shutil.copytree(CHARTS / "shared", folder / "templates")
        (folder / "_settings.tpl").rename(folder / "templates" / "_settings.tpl")
    return folder


def chosen(config: Mapping[str, Any], into: Path, say: Callable[[str], object]) -> dict[str, Any]:
    """Returns the settings for charts and definitions of our own instead of the official ones that cannot be reached.

    Args:
        config: a stack's settings, without the project's name in their keys.
        into: parent folder for our charts.
        say: called with a line for each chart.
    """
    differing: dict[str, Any] = {}
    for table, official in _official(config).items():
        settings = _table(config, table)
        if "chart" in settings:
            continue
        repository = (
            settings.get("chart-repository" if table == "gitops" else "repository") or official.repository or ""
        )
        if reachable(f"{repository.rstrip('/')}/index.yaml"):
            say(f"{table} chart: {official.name} {official.version} from {repository}")
            continue
        say(f"{table} chart: our stand-in for {official.name}, because {repository} cannot be reached from here")
        own = {**settings, "chart": str(stand_in(official.name, into))}
        top, _, inner = table.partition(".")
        differing[top] = {**config[top], inner: own} if inner else own
    ingress = differing.get("ingress", config.get("ingress") or {})
    if ingress.get("gateway-api") and "gateway-api-crds" not in ingress and not reachable(_standard()):
        say(f"Gateway API: our own definitions, because {_standard()} cannot be reached from here")
        differing["ingress"] = {**ingress, "gateway-api-crds": str(GATEWAY_API)}
    return differing


def _standard() -> str:
    from components.ingress.gateway_api import STANDARD

    return STANDARD


def _official(config: Mapping[str, Any]) -> "dict[str, Chart]":
    """Returns the official charts that these settings install, by the object of settings that names another."""
    from components import cert_manager, longhorn
    from components.gitops import TOOLS
    from components.ingress import CONTROLLERS

    controller = CONTROLLERS.get(_table(config, "ingress").get("controller", "nginx"))
    tool = TOOLS.get(_table(config, "gitops").get("tool", ""))
    wanted = {
        "ingress": controller and controller.chart,
        "cert-manager": cert_manager.OFFICIAL if config.get("tls") in cert_manager.ISSUERS else None,
        "storage.longhorn": longhorn.OFFICIAL if (config.get("storage") or {}).get("longhorn") else None,
        "gitops": tool and tool.chart,
    }
    return {table: official for table, official in wanted.items() if official}


def _table(config: Mapping[str, Any], table: str) -> Mapping[str, Any]:
    """Returns an object of settings, or one inside it; empty if it is not there, or true."""
    found: Any = config
    for key in table.split("."):
        found = (found.get(key) if isinstance(found, Mapping) else None) or {}
    return found if isinstance(found, Mapping) else {}
