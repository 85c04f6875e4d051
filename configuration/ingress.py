"""Reads the settings of the ingress controller."""

from dataclasses import replace

from components.cluster_args import ClusterArgs
from components.ingress import CONTROLLERS, IngressControllerArgs
from components.teardown.changes import CCM, MANAGED

from .charts import chart
from .reading import Table

NO_CONTROLLER = "none"


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
        IngressControllerArgs,
        {**arguments, "chart": chart(table, CONTROLLERS[controller].chart if controller in CONTROLLERS else None)},
        {"ingress_class": "class"},
    )
    table.finish()
    if args is None or controller not in CONTROLLERS:
        return None, load_balancer, nodepool
    return replace(args, controller=controller), load_balancer, nodepool
