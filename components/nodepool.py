"""A group of equal nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumiverse_exoscale as exoscale

from .component import Component
from .identity import Identity


@dataclass(frozen=True)
class NodepoolArgs:
    """Arguments of a Nodepool.

    Args:
        identity: the stack it belongs to.
        cluster_id: SKS cluster to join.
        zone: the cluster's zone.
        size: number of nodes; 0 parks an existing pool, but no pool can be created with 0.
        instance_type: `family.size`, such as `standard.small`.
        disk_size_gb: disk of each node in GiB, 20 or more.
        security_group_ids: security groups of the nodes.
        instance_prefix: prefix of the nodes' names, lower case.
        anti_affinity_group_ids: groups whose nodes run on different hypervisors; each holds at most 8 nodes.
        labels: labels of the nodes, in addition to those that name the stack.
        taints: taints of the nodes, `{key: "value:effect"}`.
        keeps_size: False leaves the size to others, such as an autoscaler, once the pool is created.
    """

    identity: Identity
    cluster_id: pulumi.Input[str]
    zone: pulumi.Input[str]
    size: pulumi.Input[int]
    instance_type: pulumi.Input[str]
    disk_size_gb: pulumi.Input[int]
    security_group_ids: Sequence[pulumi.Input[str]]
    instance_prefix: pulumi.Input[str] = "pool"
    anti_affinity_group_ids: Sequence[pulumi.Input[str]] = ()
    labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    taints: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    keeps_size: bool = True


class Nodepool(Component):
    """An SKS nodepool."""

    nodepool_id: pulumi.Output[str]
    """Id of the SKS nodepool."""
    instance_pool_id: pulumi.Output[str]
    """Id of the instance pool behind it, which is the target of NLBs."""

    def __init__(self, name: str, args: NodepoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Nodepool", name, opts)
        child_opts = pulumi.ResourceOptions(parent=self)

        nodepool = exoscale.SksNodepool(
            f"{name}-nodepool",
            name=args.identity.name(name),
            description=args.identity.describe(f"Nodepool {name}"),
            cluster_id=args.cluster_id,
            zone=args.zone,
            size=args.size,
            instance_type=args.instance_type,
            disk_size=args.disk_size_gb,
            instance_prefix=args.instance_prefix,
            anti_affinity_group_ids=list(args.anti_affinity_group_ids) or None,
            security_group_ids=list(args.security_group_ids),
            labels={**args.labels, **args.identity.labels},
            taints=dict(args.taints) or None,
            opts=pulumi.ResourceOptions.merge(
                child_opts,
                pulumi.ResourceOptions(
                    ignore_changes=[] if args.keeps_size else ["size"],
                    replace_on_changes=_emptied(args),
                ),
            ),
        )

        self.nodepool_id = nodepool.id
        self.instance_pool_id = nodepool.instance_pool_id
        self.register_outputs({"nodepool_id": self.nodepool_id, "instance_pool_id": self.instance_pool_id})


def _emptied(args: NodepoolArgs) -> list[str]:
    """Returns the inputs that are empty now. The plugin leaves those out of an update, so the pool would keep the old
    values and the update would come back at every `up` (docs/plugins.md, Updates that send nothing)."""
    inputs = {"antiAffinityGroupIds": args.anti_affinity_group_ids, "taints": args.taints}
    return [key for key, value in inputs.items() if not value]
