"""Exported facts about nodepools and the monthly cost, based on the running machines."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from .cluster_args import ClusterArgs
from .nodepool import Nodepool
from .pool_args import PoolArgs
from .teardown.changes import NO_BALANCER
from .teardown.cloud.prices import Machines, estimate

Rows = Sequence[Mapping[str, Any]]
"""The machines of a nodepool: the `number` of each `instanceType` and `diskSizeGb`."""


def monthly_cost(args: ClusterArgs, running: Mapping[str, Rows]) -> str:
    """Describes the monthly cost in words.

    Args:
        args: the cluster's arguments.
        running: the running machines by nodepool name.
    """
    nodes = {
        name: [
            Machines(row["instanceType"], int(row["number"]), pool.bounds, int(row["diskSizeGb"]))
            for row in running.get(name, [])
        ]
        for name, pool in args.nodepools.items()
    }
    return str(estimate(args.level, nodes, load_balancers=0 if args.load_balancer == NO_BALANCER else 1))


def report(
    name: str, chosen: PoolArgs, pool: Nodepool, running: pulumi.Output[dict[str, Rows]]
) -> dict[str, pulumi.Input[Any]]:
    """Describes one nodepool: type and disk of its machines, in words if they differ, or else of the settings.

    Args:
        running: the running machines by nodepool name.
    """
    rows = running.apply(lambda found: found.get(name, []))

    def of_all(key: str, otherwise: Any) -> pulumi.Output[Any]:
        def told(found: Rows) -> Any:
            values = list(dict.fromkeys(int(row[key]) if key == "diskSizeGb" else row[key] for row in found))
            return values[0] if len(values) == 1 else " and ".join(map(str, values)) or otherwise

        return rows.apply(told)

    return {
        "id": pool.nodepool_id,
        "instance-pool-id": pool.instance_pool_id,
        "size": rows.apply(lambda found: sum(int(row["number"]) for row in found)),
        **({"bounds": chosen.bounds} if chosen.bounds else {}),
        "instance-type": of_all("instanceType", chosen.instance_type),
        "disk-size-gb": of_all("diskSizeGb", chosen.disk_size_gb),
    }
