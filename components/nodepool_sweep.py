"""What keeps a nodepool that nobody recorded from holding its cluster for ever."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from .identity import Identity
from .steps import NodepoolSweepStep


@dataclass(frozen=True)
class NodepoolSweepArgs:
    """Arguments of a NodepoolSweep.

    Args:
        identity: whose cluster it is, with a StackId's id.
        zone: the cluster's zone.
        cluster_id: the SKS cluster.
        after: what nodes need as long as they run, such as the firewall.
    """

    identity: Identity
    zone: str
    cluster_id: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()


class NodepoolSweep(pulumi.ComponentResource):
    """Stands between a control plane and its nodepools: give it to them in `after`.

    An `up` that is killed while it makes a nodepool leaves one that no state knows, and neither a cluster that has
    nodepools nor a group that machines wear is deleted. When those that Pulumi knows are gone, this removes the others
    that carry the stack's id.
    """

    def __init__(self, name: str, args: NodepoolSweepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("exoscale-sks:components:NodepoolSweep", name, None, opts)
        NodepoolSweepStep(
            f"{name}-sweep",
            args.identity,
            args.zone,
            args.cluster_id,
            pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
        )
        self.register_outputs({})
