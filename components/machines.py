"""The actual machines of a cluster, which may differ from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from .component import Component
from .identity import Identity
from .steps import MachinesStep


@dataclass(frozen=True)
class PoolOfMachines:
    """The machines that a nodepool's settings ask for.

    Args:
        instance_pool_id: the instance pool behind it.
        instance_type: `family.size`.
        disk_size_gb: disk of each machine in GiB.
        labels: labels of the nodes, without those that name the stack.
        taints: taints of the nodes, `{key: "value:effect"}`.
        size: wanted number of nodes.
        bounds: range within which others choose the size; empty when nobody does.
    """

    instance_pool_id: pulumi.Input[str]
    instance_type: str
    disk_size_gb: int
    labels: Mapping[str, str]
    taints: Mapping[str, str]
    size: int
    bounds: str = ""


@dataclass(frozen=True)
class MachinesArgs:
    """Arguments of a Machines.

    Args:
        identity: the stack that owns the cluster, with the id from a StackId.
        zone: the cluster's zone.
        cluster_id: the SKS cluster.
        pools: its nodepools, by their names in the settings.
    """

    identity: Identity
    zone: str
    cluster_id: pulumi.Input[str]
    pools: Mapping[str, PoolOfMachines]


class Machines(Component):
    """Records the machines of a cluster, and warns of those that differ from what their nodepool makes now.

    Exoscale applies a change of type, disk, labels or taints only to machines that a pool makes later.
    """

    running: pulumi.Output[dict[str, Any]]
    """By pool name: a list of `instanceType`, `diskSizeGb` and the `number` of such machines."""

    def __init__(self, name: str, args: MachinesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Machines", name, opts)
        pools = {
            key: {
                "instancePoolId": pool.instance_pool_id,
                "instanceType": pool.instance_type,
                "diskSizeGb": pool.disk_size_gb,
                "labels": dict(pool.labels),
                "taints": dict(pool.taints),
                "size": pool.size,
                "bounds": pool.bounds,
            }
            for key, pool in args.pools.items()
        }
        step = MachinesStep(
            f"{name}-kinds", args.identity, args.zone, args.cluster_id, pools, pulumi.ResourceOptions(parent=self)
        )
        self.running = step.machines
        self.register_outputs({"running": self.running})
