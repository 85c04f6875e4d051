"""Finds out what a stack's machines are, and which of them differ from what their nodepool makes now."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .cloud.account import Account, Document
from .cloud.old_machines import Kind, of_machine, types
from .cluster import nodes
from .cluster.api_server import ApiServer
from .command import next_step
from .machine_counts import Pools, Running, rows


def running(account: Account, pools: Pools) -> Running:
    """Returns the running machines.

    Raises:
        TeardownError: the cloud does not say.
    """
    known = types(account)
    kinds = {
        name: Counter(_size(of_machine(one, None, known)) for one in _machines(account, pools[name])) for name in pools
    }
    return {name: rows(found) for name, found in kinds.items()}


def old(account: Account, server: ApiServer | None, stack: str, pools: Pools) -> list[str]:
    """Returns a line for each pool with machines that differ from what it is to make.

    Args:
        server: the cluster's API server; without it labels and taints are not compared.
        stack: the stack's name, for the command that replaces them.

    Raises:
        TeardownError: the cloud, or the cluster, does not say.
    """
    known, joined = types(account), nodes.by_machine(server) if server else {}
    lines = []
    for name, pool in pools.items():
        wanted = Kind(
            pool["instanceType"], int(pool["diskSizeGb"]), labels=pool["labels"] or {}, taints=pool["taints"] or {}
        )
        lacking = {
            one["name"]: of_machine(one, joined.get(one["id"]), known).lacks(wanted) for one in _machines(account, pool)
        }
        names = sorted(name for name, lacks in lacking.items() if lacks)
        if names:
            what = ", ".join(dict.fromkeys(what for lacks in lacking.values() for what in lacks))
            lines.append(
                f"nodepool {name} makes machines with {what} from now on, and {', '.join(names)} "
                f"stay{'s' if len(names) == 1 else ''} without. Next, to make them new, one by one: "
                f"{next_step('cycle', stack, f'python -m runner cycle {stack}')}"
            )
    return lines


def _machines(account: Account, pool: Mapping[str, Any]) -> Iterator[Document]:
    for one in account.call(account.list_instances).get("instances", []):
        mine = (one.get("manager") or {}).get("id") == pool["instancePoolId"]
        if mine and one.get("state") not in ("destroying", "destroyed"):
            yield account.call(account.get_instance, id=one["id"])


def _size(kind: Kind) -> tuple[str, int]:
    return kind.instance_type, kind.disk_size_gb
