"""The network load balancer in front of the ingress controller."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumiverse_exoscale as exoscale

from .component import Component
from .identity import Identity


@dataclass(frozen=True)
class LoadBalancerArgs:
    """Arguments of a LoadBalancer.

    Args:
        identity: the stack it belongs to.
        zone: zone of the nodepools.
        after: resources that it is created after and deleted before. Pass what the nodepools depend on, so that both
            are created and deleted side by side. (With `depends_on` the NLB would be deleted before the nodepools: the
            engine deletes by depth, and a component adds to the depth.)
    """

    identity: Identity
    zone: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()


class LoadBalancer(Component):
    """An NLB without services: the cloud controller manager adds those of the Kubernetes Service that names it.

    It belongs to the stack, so a destroy deletes it even if no controller is left to do so. An instance pool is locked
    by the services that target it, not by the NLB; a SecondDrain removes the services before either is deleted.
    """

    load_balancer_id: pulumi.Output[str]
    """Id of the NLB."""
    ip_address: pulumi.Output[str]
    """Its public IPv4 address, which never changes."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("LoadBalancer", name, opts)
        balancer = exoscale.Nlb(
            f"{name}-nlb",
            name=args.identity.name(name),
            description=args.identity.describe("Load balancer"),
            labels=args.identity.labels,
            zone=args.zone,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
        )

        self.load_balancer_id = balancer.id
        self.ip_address = balancer.ip_address
        self.register_outputs({"load_balancer_id": self.load_balancer_id, "ip_address": self.ip_address})
