"""Nodepools that are deleted from a cluster that stays: removed from the settings, or replaced.

A pool is replaced if its last taint or its anti-affinity group is removed, since the plugin cannot remove either from
an existing pool (docs/plugins.md, Updates that send nothing). The new pool is created before the old one is deleted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .changes import Chosen, Placement, Shown
from .errors import TeardownError

# With it a Service chooses the pool for its traffic; docs/exoscale.md, Cloud controller manager.
TARGET = "service.beta.kubernetes.io/exoscale-loadbalancer-service-instancepool-id"
GROUP_HOLDS = 8  # instances in an anti-affinity group; docs/exoscale.md, Limits


def placement(nodepool: Mapping[str, Any]) -> Placement:
    """Reads a nodepool's placement as the cloud shows it."""
    return Placement(bool(nodepool.get("taints")), bool(nodepool.get("anti-affinity-groups")), nodepool.get("size", 0))


def going(shown: Shown, chosen: Chosen) -> list[str]:
    """Returns the pools that are removed from a cluster that stays."""
    return [name for name in shown.nodepools if name not in chosen.nodepools]


def anew(shown: Shown, chosen: Chosen, recorded: Chosen | None) -> dict[str, str]:
    """Returns the replaced pools of a cluster that stays, and why they are replaced.

    Only the cloud and the last `up` together tell whether the plugin will find a difference: it does not see changes
    made by hand, and an interrupted `up` recorded changes that were never applied.
    """
    if recorded is None:
        return {}
    found = {}
    for name, wanted in chosen.placements.items():
        had = [one.placements.get(name, wanted) for one in (shown, recorded)]
        if all(one.tainted and not wanted.tainted for one in had):
            found[name] = "it has no taint any more"
        elif all(one.spread and not wanted.spread for one in had):
            found[name] = "it has no anti-affinity any more"
    return found


def refuse_unmakeable(names: Mapping[str, str], shown: Shown, chosen: Chosen) -> None:
    """
    Args:
        names: the replaced pools, and why they are replaced.

    Raises:
        TeardownError: Exoscale would refuse to create one of them, because it has no nodes, or because its
            anti-affinity group has no room for the new nodes beside the old ones.
    """
    for name, why in names.items():
        wanted, there = chosen.placements[name], shown.nodepools[name]
        what = f"nodepool {name} is made anew ({why})"
        if not wanted.nodes:
            raise TeardownError(
                f"{what}, nodepools.{name}.size is 0, and Exoscale makes no nodepool without a node. Next: "
                f"`pulumi config set --path nodepools.{name}.size 1 && pulumi up`, then set it to 0 and `pulumi up`"
            )
        if wanted.spread and there + wanted.nodes > GROUP_HOLDS:
            raise TeardownError(
                f"{what} before its {there} old nodes go, and with {wanted.nodes} new ones they are more than the "
                f"{GROUP_HOLDS} that its anti-affinity group holds. Next: "
                "give the pool another name in nodepools, so that it is made with a group of its own"
            )


def refuse_locked(senders: Mapping[str, Sequence[str]], anew: Mapping[str, str]) -> None:
    """
    Args:
        senders: who sends traffic to each pool that is deleted, in words, by pool name.
        anew: those of them that are replaced, and why.

    Raises:
        TeardownError: somebody sends traffic to one, and Exoscale refuses to delete that pool as long as they do.
    """
    if not any(senders.values()):
        return
    fates = {name: f"is made anew ({why})" for name, why in anew.items()}
    locked = [
        f"{name} {fates.get(name, 'is to go')}, and gets traffic from {', '.join(who)}"
        for name, who in senders.items()
        if who
    ]
    raise TeardownError(
        f"nodepool {'; nodepool '.join(locked)}: Exoscale would not let it go. Next: leave it as it is in nodepools, "
        f"beside another that takes its place, and `pulumi up`; move the traffic, a Service's by its annotation "
        f"{TARGET} (ids: `pulumi stack output nodepools`); then take the pool out"
    )
