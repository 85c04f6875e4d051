"""What is exported of the nodepools and of the monthly cost: it speaks of the machines that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pulumi

from components.nodepool import Nodepool
from components.teardown.cloud.prices import estimate
from configuration.nodepools import NodepoolSettings
from configuration.settings import Settings

Rows = Sequence[Mapping[str, Any]]
"""Of a nodepool: how many (`number`) machines of which `instanceType` and `diskSizeGb`."""


def monthly_cost(settings: Settings, running: Mapping[str, Rows]) -> str:
    """In words.

    Args:
        running: the machines by the nodepools' names.
    """

    def priced(name: str, row: Mapping[str, Any]) -> NodepoolSettings:
        pool = settings.nodepools[name]
        return replace(
            pool, size=int(row["number"]), instance_type=row["instanceType"], disk_size_gb=int(row["diskSizeGb"])
        )

    nodes = {name: [priced(name, row) for row in running.get(name, [])] for name in settings.nodepools}
    return str(estimate(settings.level, nodes, load_balancers=1 if settings.ingress else 0))


def report(
    name: str, chosen: NodepoolSettings, pool: Nodepool, running: pulumi.Output[dict[str, Rows]]
) -> dict[str, pulumi.Input[Any]]:
    """One nodepool. Type and disk are those of its machines, in words where they differ; without any, the settings'.

    Args:
        running: the machines by the nodepools' names.
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
