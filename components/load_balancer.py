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
        identity: whose it is.
        zone: zone of the nodepools.
        after: what it is created after and deleted before. Give it what the nodepools depend on, and they are created
            side by side, and deleted so. (With `depends_on` it would be deleted before them, for the engine deletes by
            depth, and a component adds to that.)
    """

    identity: Identity
    zone: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()


class LoadBalancer(Component):
    """An NLB without services: the cloud controller manager adds those of the Kubernetes Service it is given to.

    It belongs to the stack, so a destroy removes it also when no controller is left to do so. What holds an instance
    pool is a service that targets it, not the NLB, and a SecondDrain takes the services off before either is deleted.
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
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
        )

        self.load_balancer_id = balancer.id
        self.ip_address = balancer.ip_address
        self.register_outputs({"load_balancer_id": self.load_balancer_id, "ip_address": self.ip_address})
