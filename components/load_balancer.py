"""The network load balancer in front of the ingress controller."""

from dataclasses import dataclass

import pulumi
import pulumiverse_exoscale as exoscale

from .component import Component
from .identity import Identity


@dataclass(frozen=True)
class LoadBalancerArgs:
    """Arguments of a LoadBalancer.

    Args:
        identity: whose it is.
        zone: zone of the nodepools.
    """

    identity: Identity
    zone: pulumi.Input[str]


class LoadBalancer(Component):
    """An NLB without services: the cloud controller manager adds those of the Kubernetes Service it is given to.

    It belongs to the stack, so a destroy removes it also when no controller is left to do so. Let it depend
    (`depends_on`) on the nodepools: Exoscale refuses to delete one that an NLB still targets, so the NLB has to go
    first.
    """

    load_balancer_id: pulumi.Output[str]
    """Id of the NLB."""
    ip_address: pulumi.Output[str]
    """Its public IPv4 address, which stays the same as long as it lives."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("LoadBalancer", name, opts)
        balancer = exoscale.Nlb(
            f"{name}-nlb",
            name=args.identity.name(name),
            description=args.identity.describe("Load balancer"),
            labels=args.identity.labels,
            zone=args.zone,
            opts=pulumi.ResourceOptions(parent=self),
        )

        self.load_balancer_id = balancer.id
        self.ip_address = balancer.ip_address
        self.register_outputs({"load_balancer_id": self.load_balancer_id, "ip_address": self.ip_address})
