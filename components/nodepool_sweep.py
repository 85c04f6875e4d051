"""Deletes nodepools that are missing from the state, so that they do not hold their cluster for ever."""

from dataclasses import dataclass

import pulumi

from .component import Component
from .identity import Identity
from .steps import NodepoolSweepStep


@dataclass(frozen=True)
class NodepoolSweepArgs:
    """Arguments of a NodepoolSweep.

    Args:
        identity: whose cluster it is, with a StackId's id.
        zone: the cluster's zone.
        cluster_id: the SKS cluster.
    """

    identity: Identity
    zone: str
    cluster_id: pulumi.Input[str]


class NodepoolSweep(Component):
    """Stands between a control plane and its nodepools: give them the `cluster_id` from here. Let it depend
    (`depends_on`) on what nodes need as long as they run, such as the firewall.

    An `up` that is killed while it makes a nodepool leaves one that no state knows, and neither a cluster that has
    nodepools nor a group that machines use is deleted. When those that Pulumi knows are gone, this removes the others
    that carry the stack's id.
    """

    cluster_id: pulumi.Output[str]
    """Id of the SKS cluster; who uses it is created later than this, and deleted earlier."""

    def __init__(self, name: str, args: NodepoolSweepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("NodepoolSweep", name, opts)
        step = NodepoolSweepStep(
            f"{name}-sweep",
            args.identity,
            args.zone,
            args.cluster_id,
            pulumi.ResourceOptions(parent=self),
        )
        self.cluster_id = step.cluster_id
        self.register_outputs({"cluster_id": self.cluster_id})
