"""What keeps a nodepool that nobody recorded from holding its cluster for ever."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_command as command

from components.identity import Identity
from components.teardown import teardown


@dataclass(frozen=True)
class NodepoolSweepArgs:
    """Arguments of a NodepoolSweep.

    Args:
        identity: whose cluster it is, with a Mark's id.
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
        who = args.identity
        values = pulumi.Output.all(stack_id="" if who.stack_id is None else who.stack_id, cluster=args.cluster_id)
        command.local.Command(
            f"{name}-sweep",
            delete=values.apply(
                lambda ids: teardown(
                    "sweep", zone=args.zone, project=who.project, stack=who.stack, owner=who.owner, **ids
                )
            ),
            triggers=[args.cluster_id],  # a cluster that is replaced is swept before it goes
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, depends_on=[*args.after]),
        )
        self.register_outputs({})
