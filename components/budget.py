"""Refuses settings with which a stack could cost more than its budget."""

from collections.abc import Mapping

from .checks import Checks
from .pool_args import EXTERNAL, PoolArgs
from .teardown.changes import NO_BALANCER
from .teardown.cloud.prices import DATED, Estimate, Machines, estimate


def check_budget(checks: Checks, budget: int, level: str, pools: Mapping[str, PoolArgs], load_balancer: str) -> None:
    """Checks the arguments of a cluster, each of which is valid by itself.

    Args:
        budget: CHF a month; 0 for none.
        level: service level of the control plane.
        pools: the nodepools by name; a pool that others resize counts with the most nodes that it may have.
        load_balancer: who makes the ingress controller's NLB.
    """
    if not budget:
        return
    if boundless := [name for name, pool in pools.items() if pool.size == EXTERNAL]:
        checks.note(
            "budget",
            f"is {budget}, and the stack cannot be priced: the size of nodepool {', '.join(boundless)} is {EXTERNAL}, "
            "which has no limit. Next: give it a min and a max, or the stack no budget",
        )
        return
    most = at_most(level, pools, load_balancer)
    if most.unknown:
        checks.note(
            "budget",
            f"is {budget}, and the stack cannot be priced: the prices of {DATED} have none for "
            f"{'; '.join(most.unknown)}. Next: choose another type or level, or give the stack no budget",
        )
    elif most.total > budget:
        checks.note(
            "budget", f"is {budget}, and the stack may cost up to {most}. Next: a smaller stack, or a larger budget"
        )


def at_most(level: str, pools: Mapping[str, PoolArgs], load_balancer: str) -> Estimate:
    """Estimates the monthly cost of the largest cluster that these arguments allow. What users make in it, such as load
    balancers and volumes, is no part of it."""
    nodes = {
        name: [Machines(pool.instance_type, pool.most_nodes, pool.bounds, pool.disk_size_gb)] if pool.most_nodes else []
        for name, pool in pools.items()
    }
    return estimate(level, nodes, load_balancers=0 if load_balancer == NO_BALANCER else 1)
