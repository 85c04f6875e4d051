"""Counts a stack's machines by kind, for outputs and costs.

The caller passes nodepools as the program describes them: by their names in the settings, with `instancePoolId` (any
text that is no pool's id if it is not known yet), `instanceType`, `diskSizeGb`, `labels`, `taints` (`{key:
"value:effect"}`), `size`, and `bounds`, which is empty unless others choose the size.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

Pools = Mapping[str, Mapping[str, Any]]
Running = dict[str, list[dict[str, Any]]]
"""By pool name: the `number` of machines of each `instanceType` and `diskSizeGb`."""


def foreseen(pools: Pools, before: Running) -> Running:
    """Predicts the machines after an `up`: changing a pool replaces none, and scaling down deletes the newest first."""
    after: Running = {}
    for name, pool in pools.items():
        found = Counter(
            {(row["instanceType"], int(row["diskSizeGb"])): int(row["number"]) for row in before.get(name, [])}
        )
        own = pool["instanceType"], int(pool["diskSizeGb"])
        more = 0 if pool["bounds"] and found else int(pool["size"]) - found.total()
        for kind in [own] if more > 0 else [own, *(kind for kind in found if kind != own)]:
            change = max(more, -found[kind])
            found[kind] += change
            more -= change
        after[name] = rows(found)
    return after


def differs(pools: Pools, before: Running, now: Running) -> bool:
    """Whether there is something new to record. A size that others choose and changed is not."""
    return any(_counted(pools[name], before.get(name, [])) != _counted(pools[name], now[name]) for name in pools)


def rows(found: Counter[tuple[str, int]]) -> list[dict[str, Any]]:
    """Numbers of machines by type and disk, in recorded form."""
    return [
        {"instanceType": type_, "diskSizeGb": disk, "number": number}
        for (type_, disk), number in sorted(found.items())
        if number
    ]


def _counted(pool: Mapping[str, Any], found: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [(row["instanceType"], int(row["diskSizeGb"]), 0 if pool["bounds"] else int(row["number"])) for row in found]
