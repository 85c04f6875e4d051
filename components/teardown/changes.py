"""Refuses or announces, in one line, those effects of an `up` on a living stack that cannot be undone.

The first resource of the stack applies the rules in its diff, which comes before everything else in a preview and in
an `up` (docs/adr/0012). This module calls no API: the rules work on answers of the cloud, the cluster and the state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .command import COMMAND
from .errors import TeardownError
from .storage_policy import OVERRIDE

MANAGED, CCM, NO_BALANCER = "managed", "ccm", "none"
REFUSE, KEEP = "refuse", "keep"
EXOSCALE = "exoscale"
NEWEST = "newest"  # the setting for the newest version; `Chosen` has an empty text for it
_OTHERS_CHOOSE = "external"


@dataclass(frozen=True)
class Placement:
    """Properties of a nodepool that no update can remove.

    Args:
        tainted: whether it has a taint.
        spread: whether it has an anti-affinity group.
        nodes: the number of nodes.
    """

    tainted: bool
    spread: bool
    nodes: int

    def inputs(self) -> dict[str, Any]:
        """Returns it as recorded in the state."""
        return {"tainted": self.tainted, "spread": self.spread, "nodes": self.nodes}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Placement":
        """Reads it from a state."""
        return cls(kept["tainted"], kept["spread"], int(kept["nodes"]))


@dataclass(frozen=True)
class Chosen:
    """The settings whose change can take something away from a living stack; see Pulumi.yaml for their values.

    Args:
        zone: Exoscale zone.
        level: service level of the control plane.
        cni: network plugin.
        protect: whether nothing may be deleted or replaced.
        nodepools: number of nodes by pool name; None if others choose it.
        load_balancer: who makes the ingress controller's: `managed` or `ccm`; `none` without a controller.
        ingress_nodepool: the pool that gets its traffic.
        chart: name of the chart it is installed from; another chart is another installation.
        on_destroy: what a destroy does with volumes.
        placements: placement of each pool, by name; empty if recorded by a release that did not have them.
        version: Kubernetes version; empty takes the newest for a new cluster and keeps that of a running one.
        platform: platform of the cluster. Only stacks on Exoscale record their settings.
        longhorn: whether the stack installs Longhorn.
        domain: DNS domain that the stack has its name in; empty for none.
    """

    zone: str
    level: str
    cni: str
    protect: bool
    nodepools: Mapping[str, int | None] = field(default_factory=dict)
    load_balancer: str = NO_BALANCER
    ingress_nodepool: str = ""
    chart: str = ""
    on_destroy: str = REFUSE
    placements: Mapping[str, Placement] = field(default_factory=dict)
    version: str = ""
    platform: str = EXOSCALE
    longhorn: bool = False
    domain: str = ""

    def inputs(self) -> dict[str, Any]:
        """Returns them as recorded in the state, which records the zone separately."""
        sizes = {name: _OTHERS_CHOOSE if size is None else size for name, size in self.nodepools.items()}
        return {
            "level": self.level,
            "cni": self.cni,
            "protect": self.protect,
            "nodepools": sizes,
            "loadBalancer": self.load_balancer,
            "ingressNodepool": self.ingress_nodepool,
            "chart": self.chart,
            "onDestroy": self.on_destroy,
            "placements": {name: placement.inputs() for name, placement in self.placements.items()},
            "version": self.version,
            # Without these, a stack records what it recorded before they existed, so an `up` changes nothing.
            **({"longhorn": True} if self.longhorn else {}),
            **({"domain": self.domain} if self.domain else {}),
        }

    @classmethod
    def of(cls, zone: str, kept: Mapping[str, Any] | None) -> "Chosen | None":
        """Reads them from a state; None if the state was written before they were recorded."""
        if not kept:
            return None
        return cls(
            zone=zone,
            level=kept["level"],
            cni=kept["cni"],
            protect=kept["protect"],
            nodepools={name: None if size == _OTHERS_CHOOSE else int(size) for name, size in kept["nodepools"].items()},
            load_balancer=kept["loadBalancer"],
            ingress_nodepool=kept["ingressNodepool"],
            chart=kept["chart"],
            on_destroy=kept["onDestroy"],
            placements={name: Placement.of(one) for name, one in kept.get("placements", {}).items()},
            version=kept.get("version", ""),
            longhorn=kept.get("longhorn", False),
            domain=kept.get("domain", ""),
        )


@dataclass(frozen=True)
class Shown:
    """The existing cluster. What could not be found out is empty.

    Args:
        zone: its zone.
        level: its service level.
        cni: its network plugin.
        nodepools: number of nodes of each of the stack's pools, by name.
        load_balancer: who made the ingress controller's; `none` if it has none.
        address: that load balancer's address.
        made_by_ccm: id of the NLB that the CCM made for the ingress controller; empty if there is none.
        placements: placement of each of those pools, by name.
        platform: its platform.
    """

    zone: str
    level: str = ""
    cni: str = ""
    nodepools: Mapping[str, int] = field(default_factory=dict)
    load_balancer: str = ""
    address: str = ""
    made_by_ccm: str = ""
    placements: Mapping[str, Placement] = field(default_factory=dict)
    platform: str = EXOSCALE


@dataclass(frozen=True)
class Users:
    """Resources that users made in a cluster and would lose if it is replaced.

    Args:
        balancers: the NLBs of their Services.
        data: their volumes and snapshots.
        on_nodes: their volumes on the nodes' own disks, which nothing can keep.
    """

    balancers: Sequence[object] = ()
    data: Sequence[object] = ()
    on_nodes: Sequence[object] = ()


def replacing(shown: Shown, chosen: Chosen) -> dict[str, tuple[str, str]]:
    """Returns the changed settings that replace the cluster (docs/adr/0004), each with its old and new value."""
    pairs = {key: (getattr(shown, key), getattr(chosen, key)) for key in ("platform", "zone", "level", "cni")}
    return {key: (is_, to_be) for key, (is_, to_be) in pairs.items() if is_ and is_ != to_be}


def refuse_while_protected(shown: Shown, chosen: Chosen, recorded: Chosen | None) -> None:
    """
    Args:
        recorded: the settings of the last `up`.

    Raises:
        TeardownError: the cluster would be replaced, and the settings protect it, or did so at the last `up`. (Pulumi
            checks only the state, so it allows an edit that both sets `protect` and replaces the cluster.)
    """
    changes = replacing(shown, chosen)
    if changes and (chosen.protect or (recorded and recorded.protect)):
        back = " && ".join(f"pulumi config set {key} {is_}" for key, (is_, _) in changes.items())
        raise TeardownError(
            f"the stack is protected, and {told(changes)} would replace its cluster with all that is in it. Next: "
            f"`{back}`; to replace it all the same, `pulumi config set protect false && pulumi up` before that change"
        )


def refuse_lost_data(shown: Shown, chosen: Chosen, users: Users, policy: str) -> None:
    """
    Args:
        policy: what the old cluster's drain does with volumes, which the old settings decide, not the new ones.

    Raises:
        TeardownError: that drain would fail in the middle of the `up`.
    """
    data = [*users.data, *users.on_nodes] if policy == REFUSE else users.on_nodes if policy == KEEP else []
    if data:
        raise TeardownError(
            f"{told(replacing(shown, chosen))} would replace the cluster, whose volumes hold data: "
            f"{'; '.join(map(str, data))}. Next: delete their claims, or say what becomes of them: "
            f"`{OVERRIDE}=delete pulumi up`{'' if users.on_nodes else ' (or keep)'}"
        )


def of_replacement(shown: Shown, chosen: Chosen, users: Users | None, policy: str) -> str:
    """Announces what is deleted when the cluster is replaced.

    Args:
        users: what users made; None if that could not be found out.
        policy: what the drain does with volumes.
    """
    changes = replacing(shown, chosen)
    stays = not changes.keys() & {"platform", "zone"} and chosen.load_balancer == MANAGED and shown.load_balancer != CCM
    moves = chosen.load_balancer != NO_BALANCER and not stays
    address = "the addresses of its API and of the ingress change" if moves else "the address of its API changes"
    balancers = _count(len(users.balancers), "load balancer") if users else "load balancers"
    volumes = (
        _count(len(users.data) + len(users.on_nodes), "volume or snapshot", "volumes and snapshots")
        if users
        else "volumes"
    )
    data = f"; kept, and paid for on: {volumes}" if policy == KEEP else f" and {volumes}"
    return (
        f"the cluster is replaced ({told(changes)}): {address}, and all that is in it goes, also {balancers} of users' "
        f"Services{data}"
    )


def of_address(shown: Shown, chosen: Chosen, recorded: Chosen | None) -> list[str]:
    """Announces that the ingress gets another address, or loses it, in a cluster that stays."""
    was, is_, at = shown.load_balancer, chosen.load_balancer, shown.address and f" {shown.address}"
    if was in ("", NO_BALANCER) or of_left_behind(shown, chosen, recorded, ""):
        return []
    if is_ == NO_BALANCER:
        return [f"ingress.controller is none: the ingress goes, and its address{at}"]
    if was != is_:
        why = f"ingress.load-balancer {was} → {is_}"
    elif was == CCM and recorded and recorded.chart != chosen.chart:
        why = f"ingress.chart {recorded.chart} → {chosen.chart} with ingress.load-balancer {CCM}"
    else:
        return []
    return [
        f"{why}: the ingress loses its address{at} for another. Next: after this `up`, point your DNS to the one of "
        "`pulumi stack output ingress_ip`"
    ]


def of_left_behind(shown: Shown, chosen: Chosen, recorded: Chosen | None, stack: str) -> list[str]:
    """Announces that an NLB which the CCM made for the ingress still costs money although the last `up` did not use it.

    Args:
        stack: the stack's name.
    """
    settled = recorded is not None and recorded.load_balancer == chosen.load_balancer
    if not shown.made_by_ccm or chosen.load_balancer == CCM or not settled:
        return []
    return [
        f"NLB {shown.made_by_ccm}, which the cluster made for the ingress, is still there. Next: if it is after "
        f"this `up`, `{COMMAND} audit {stack} --fix` removes it"
    ]


def shrinking(shown: Shown, chosen: Chosen) -> list[str]:
    """Returns the pools that have more nodes than the settings ask for."""
    pairs = [(name, is_, chosen.nodepools.get(name)) for name, is_ in shown.nodepools.items()]
    return [name for name, is_, wanted in pairs if wanted is not None and is_ > wanted]


def of_shrinking(name: str, shown: Shown, chosen: Chosen, recorded: Chosen | None, nodes: Sequence[str]) -> str:
    """Announces which nodes such a pool loses.

    Args:
        nodes: names of all its nodes; empty if they could not be found out.
    """
    is_, wanted = shown.nodepools[name], chosen.nodepools[name] or 0
    # Pulumi scales a pool that differs from its state, and the state shows others' changes only after a refresh.
    resized = recorded is not None and recorded.nodepools.get(name) == wanted
    when = "somebody else made it larger, and an `up` after a refresh" if resized else "this `up`"
    which = "takes all of them away" if not wanted else f"takes {is_ - wanted} away, whichever Exoscale chooses"
    names = f" ({', '.join(sorted(nodes))})" if nodes else ""
    return (
        f"nodepool {name} has {_count(is_, 'node')}{names}, and nodepools.{name}.size is {wanted}: {when} {which}. "
        f"Next, to keep them: `pulumi config set --path nodepools.{name}.size {is_}`"
    )


def of_parked(chosen: Chosen) -> list[str]:
    """Announces that nothing serves the ingress any more if its pool is to have no nodes."""
    pool = chosen.ingress_nodepool
    if chosen.load_balancer == NO_BALANCER or chosen.nodepools.get(pool) != 0:
        return []
    return [
        f"nodepools.{pool}.size is 0, and the ingress sends its traffic there: nobody answers at its address until the "
        "pool has a node"
    ]


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def told(changes: Mapping[str, tuple[str, str]]) -> str:
    """Describes changes of settings in words."""
    return " and ".join(f"{key} {is_} → {to_be}" for key, (is_, to_be) in changes.items())
