"""Deletes nodepools that are missing from the state, before they keep their cluster from being deleted."""

from dataclasses import dataclass

import pulumi

from .component import Component
from .identity import Identity
from .steps import NodepoolSweepStep


@dataclass(frozen=True)
class NodepoolSweepArgs:
    """Arguments of a NodepoolSweep.

    Args:
        identity: the stack that owns the cluster, with the id from a StackId.
        zone: the cluster's zone.
        cluster_id: the SKS cluster.
    """

    identity: Identity
    zone: str
    cluster_id: pulumi.Input[str]


class NodepoolSweep(Component):
    """A step between a control plane and its nodepools: pass them the `cluster_id` from here. Make it depend
    (`depends_on`) on what nodes need while they run, such as the firewall.

    An `up` that is killed while it makes a nodepool leaves one that is missing from the state. Exoscale deletes neither
    a cluster that has nodepools nor a group that is attached to machines. After Pulumi has deleted the nodepools it
    knows, this step deletes the others that carry the stack's id.
    """

    cluster_id: pulumi.Output[str]
    """Id of the SKS cluster; resources that use it are created after this one and deleted before it."""

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
