"""Reads the settings of the ingress controller."""

from dataclasses import replace

from components.checks import ANY, Form
from components.cluster_args import ClusterArgs
from components.ingress import CONTROLLERS, Chart, IngressControllerArgs
from components.teardown.changes import CCM, MANAGED

from .reading import Table

NO_CONTROLLER = "none"
CHART = Form(r"\S(.*\S)?", "a chart's name, folder or oci:// address")


def ingress(table: Table) -> tuple[IngressControllerArgs | None, str, str]:
    """Reads the object `ingress`; notes mistakes in its problems.

    Returns:
        The controller, None for none; who makes its load balancer; the nodepool that gets the traffic, empty for the
        default.
    """
    controller = table.text("controller", "nginx", allowed=(*CONTROLLERS, NO_CONTROLLER))
    load_balancer = table.text("load-balancer", ClusterArgs.load_balancer, allowed=(MANAGED, CCM))
    nodepool = table.take("nodepool", "")
    arguments = table.arguments(IngressControllerArgs, ingress_class="class", timeout_seconds="timeout-seconds")
    args = table.made(
        IngressControllerArgs, {**arguments, "chart": _chart(table, controller)}, {"ingress_class": "class"}
    )
    table.finish()
    if args is None or controller not in CONTROLLERS:
        return None, load_balancer, nodepool
    return replace(args, controller=controller), load_balancer, nodepool


def _chart(table: Table, controller: str) -> Chart | None:
    """Returns the official chart with overrides. Another chart does not come from the official repository."""
    official = CONTROLLERS[controller].chart if controller in CONTROLLERS else Chart("")
    name = table.text("chart", official.name, form=CHART if official.name else ANY)
    same = name == official.name
    repository = table.text("repository", (official.repository if same else None) or "", form=ANY)
    version = table.text("version", (official.version if same else None) or "", form=ANY)
    chart = Chart(name, repository or None, version or None)
    return None if chart == official else chart
