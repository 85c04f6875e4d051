"""Reads the settings of the ingress controller."""

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
    arguments = table.arguments(
        IngressControllerArgs,
        ingress_class="class",
        timeout_seconds="timeout-seconds",
        gateway_api="gateway-api",
        gateway_api_crds="gateway-api-crds",
    )
    official = CONTROLLERS[controller].chart if controller in CONTROLLERS else None
    arguments |= {"controller": controller} if controller in CONTROLLERS else {}
    args = table.made(IngressControllerArgs, {**arguments, "chart": chart(table, official)}, {"ingress_class": "class"})
    table.finish()
    return (args if controller in CONTROLLERS else None), load_balancer, nodepool
