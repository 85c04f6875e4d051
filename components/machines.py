"""Reports the machines of a cluster, which are not always those that the settings describe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from .component import Component
from .identity import Identity
from .steps import MachinesStep


@dataclass(frozen=True)
class PoolOfMachines:
    """The machines that a nodepool is to make.

    Args:
        instance_pool_id: the instance pool behind it.
        instance_type: `family.size`.
        disk_size_gb: disk of each machine in GiB.
        labels: labels of the nodes, without those that say whose they are.
        taints: taints of the nodes, `{key: "value:effect"}`.
        size: how many there are to be.
        bounds: within what others choose that; empty when nobody does.
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
        identity: whose cluster it is, with a StackId's id.
        zone: the cluster's zone.
        cluster_id: the SKS cluster.
        pools: its nodepools, by their names in the settings.
    """

    identity: Identity
    zone: str
    cluster_id: pulumi.Input[str]
    pools: Mapping[str, PoolOfMachines]


class Machines(Component):
    """Knows what the machines of a cluster are, and warns of those that are not what their nodepool makes now.

    Exoscale applies a change of type, disk, labels or taints to the machines that a pool makes later, and to no other.
    """

    running: pulumi.Output[dict[str, Any]]
    """By a pool's name: a list of `instanceType`, `diskSizeGb` and the `number` of such machines."""

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
