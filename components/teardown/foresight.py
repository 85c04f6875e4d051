"""Looks at a living stack before an `up` changes it, and announces what that would take away."""

from dataclasses import dataclass, replace

from . import changes, drain, going_pools, lost_replicas, versions
from .changes import Chosen, Shown, Users
from .cloud.account import Account, Document, accounts
from .cloud.ownership import OF_A_SERVICE, targets_of
from .cloud.stack_ref import INGRESS, MADE_BY_CCM, StackRef
from .cloud_drain import CloudDrain, DrainTarget
from .cluster import longhorn, services
from .cluster.api_server import ApiServer, reach
from .errors import TeardownError
from .storage_policy import override
from .subject import Subject


@dataclass(frozen=True)
class _Place:
    """The stack's cluster and its account."""

    subject: Subject
    account: Account
    cluster: Document

    @property
    def nodepools(self) -> dict[str, Document]:
        """The stack's nodepools by their names in the settings."""
        labels = [(StackRef.from_labels(one), one) for one in self.cluster.get("nodepools") or []]
        ours = [one for label, one in labels if label and label.id == self.subject.stack_id]
        return {StackRef.noun(one["name"]): one for one in ours}


def foresee(subject: Subject, account: Account | None, chosen: Chosen, recorded: Chosen | None) -> list[str]:
    """Compares the settings with reality: an interrupted `up` has recorded settings that it never applied, so the cloud
    is asked first, and the state counts only where the cloud gives no answer.

    Args:
        subject: the stack, with the zone of the last `up`.
        account: the account in that zone; None if the API key is not valid, which a preview does not need.
        chosen: the current settings.
        recorded: the settings of the last `up`; None if it did not record them.

    Returns:
        A line for each effect that the user has to know before the `up`.

    Raises:
        TeardownError: the change is refused.
    """
    places = _places(subject, account)
    if places == []:
        _refuse_version(account, chosen, "")
        return []
    place = places[0] if places and len(places) == 1 else None
    balancers = _balancers(place) if place else None
    shown = _shown(place, balancers, recorded) if place else _recorded(subject, recorded)
    changes.refuse_while_protected(shown, chosen, recorded)
    is_replaced = bool(changes.replacing(shown, chosen))
    if place:
        _refuse_version(place.account, chosen, "" if is_replaced else place.cluster.get("version", ""))
    if is_replaced:
        policy = override() or (recorded.on_destroy if recorded else "")
        users = _users(place) if place else None
        if users:
            changes.refuse_lost_data(shown, chosen, users, policy)
        return [changes.of_replacement(shown, chosen, users, policy), *changes.of_parked(chosen)]
    shrinking = changes.shrinking(shown, chosen)
    if place:
        anew = going_pools.anew(shown, chosen, recorded)
        going_pools.refuse_unmakeable(anew, shown, chosen)
        if gone := [*going_pools.going(shown, chosen), *anew]:
            going_pools.refuse_locked(_senders(place, gone, balancers or []), anew)
        losses = {name: shown.nodepools[name] for name in gone}
        losses |= {name: shown.nodepools[name] - (chosen.nodepools[name] or 0) for name in shrinking}
        without = recorded is not None and recorded.longhorn and not chosen.longhorn
        if (losses or without) and (override() or chosen.on_destroy) != "delete":
            lost_replicas.refuse(_endangered(place, losses, without), losses, without)
    nodes = _nodes(place) if place and shrinking else {}
    lines = [changes.of_shrinking(pool, shown, chosen, recorded, nodes.get(pool, [])) for pool in shrinking]
    return [
        *changes.of_address(shown, chosen, recorded),
        *changes.of_left_behind(shown, chosen, recorded, subject.stack),
        *lines,
        *changes.of_parked(chosen),
    ]


def _places(subject: Subject, account: Account | None) -> list[_Place] | None:
    """Returns the clusters that carry the stack's id; None if that could not be found out."""
    if account is None:
        return None
    try:
        if found := _carrying(subject, account):
            return found
        # An `up` that should have moved the cluster may have been killed before it did.
        elsewhere = accounts(subject.stack)
        return [one for zone, other in elsewhere.items() for one in _carrying(replace(subject, zone=zone), other)]
    except TeardownError:
        return None


def _refuse_version(account: Account | None, chosen: Chosen, running: str) -> None:
    """
    Args:
        running: version of the cluster that stays; empty for a new one.

    Raises:
        TeardownError: the cluster cannot get the version in the settings.
    """
    known = versions.offered(account) if account and chosen.version not in ("", running) else []
    if why := versions.refused(chosen.version, running, known):
        raise TeardownError(why)


def _carrying(subject: Subject, account: Account) -> list[_Place]:
    clusters = account.call(account.list_sks_clusters).get("sks-clusters", [])
    labels = [(StackRef.from_labels(one), one) for one in clusters]
    return [_Place(subject, account, one) for label, one in labels if label and label.id == subject.stack_id]


def _balancers(place: _Place) -> list[Document] | None:
    """Returns the NLBs of the cluster's zone; None if the cloud does not answer."""
    try:
        found: list[Document] = place.account.call(place.account.list_load_balancers).get("load-balancers", [])
    except TeardownError:
        return None
    return found


def _shown(place: _Place, balancers: list[Document] | None, recorded: Chosen | None) -> Shown:
    cluster = place.cluster
    sizes = {name: pool.get("size", 0) for name, pool in place.nodepools.items()}
    placements = {name: going_pools.placement(pool) for name, pool in place.nodepools.items()}
    made_by, address = (_ingress(place.subject, balancers) if balancers is not None else None) or (
        recorded.load_balancer if recorded else "",
        "",
    )
    name = place.subject.ref.name(MADE_BY_CCM)
    made_by_ccm = next((one["id"] for one in balancers or [] if one["name"] == name), "")
    level, cni = cluster.get("level", ""), cluster.get("cni", "")
    return Shown(place.subject.zone, level, cni, sizes, made_by, address, made_by_ccm, placements)


def _ingress(subject: Subject, balancers: list[Document]) -> tuple[str, str] | None:
    """Returns who made the ingress controller's NLB, and its address; None while one is replacing another."""
    names = {subject.ref.name(INGRESS): changes.MANAGED, subject.ref.name(MADE_BY_CCM): changes.CCM}
    found = [(names[one["name"]], one.get("ip", "")) for one in balancers if one["name"] in names]
    return (found or [(changes.NO_BALANCER, "")])[0] if len(found) < 2 else None


def _recorded(subject: Subject, recorded: Chosen | None) -> Shown:
    if recorded is None:
        return Shown(subject.zone)
    return Shown(recorded.zone, recorded.level, recorded.cni, load_balancer=recorded.load_balancer)


def _users(place: _Place) -> Users | None:
    """Returns what a drain of the cluster would find; None if the cloud does not answer.

    Raises:
        TeardownError: others use the stack's own NLB, which stops that drain.
    """
    ref = place.subject.ref
    target = DrainTarget(place.cluster["id"], load_balancers=(ref.name(INGRESS),))
    cloud = CloudDrain(place.account, place.subject, target, _nobody)
    try:
        server = _ask_cluster(cloud)
        on_nodes = longhorn.volumes(server) if server else []
        found = cloud.look()
    except TeardownError:
        return None
    cloud.refuse_guests(found)
    theirs = [item for item in cloud.balancers(found) if item.name != ref.name(MADE_BY_CCM)]
    return Users(theirs, cloud.data(found), on_nodes)


def _endangered(place: _Place, losses: dict[str, int], everything: bool) -> list[longhorn.LonghornVolume]:
    """Returns the volumes of Longhorn that would be lost with nodes; empty if the cluster does not answer.

    Args:
        losses: how many nodes each pool loses.
        everything: whether Longhorn itself goes.
    """
    try:
        server = reach(place.account, place.cluster["id"], 0, _nobody)
        if server is None:
            return []
        if everything:
            return longhorn.volumes(server)
        pools = {node: pool for pool, nodes in _nodes(place).items() for node in nodes}
        return longhorn.endangered(server, pools, losses)
    except TeardownError:
        return []


def _senders(place: _Place, pools: list[str], balancers: list[Document]) -> dict[str, list[str]]:
    """Returns who sends traffic to each of these pools, except the stack's own ingress, which follows the settings."""
    own = {place.subject.ref.name(noun) for noun in (INGRESS, MADE_BY_CCM)}
    targets = [(one, {*targets_of(one).values()}) for one in balancers if one["name"] not in own]
    ids = {name: place.nodepools[name]["instance-pool"]["id"] for name in pools}
    senders = {name: [one for one, pools in targets if id_ in pools] for name, id_ in ids.items()}
    named = _services(place) if any(senders.values()) else {}
    return {name: [_sender(one, named) for one in found] for name, found in senders.items()}


def _sender(balancer: Document, named: dict[str, str]) -> str:
    name, id_ = balancer["name"], balancer["id"]
    if found := named.get(id_) or named.get(name):
        return f"Service {found} (NLB {id_})"
    return f"{'the Service of ' if OF_A_SERVICE.fullmatch(name) else ''}NLB {name} ({id_})"


def _services(place: _Place) -> dict[str, str]:
    """Returns the cluster's Services of type LoadBalancer by the ids and names of their NLBs."""
    try:
        server = reach(place.account, place.cluster["id"], 0, _nobody)
        found = services.load_balancers(server) if server else []
    except TeardownError:
        return {}
    return {key: services.name(one) for one in found for key in services.balancer(one)}


def _nodes(place: _Place) -> dict[str, list[str]]:
    """Returns the names of the nodes by pool; empty if the cloud does not answer."""
    try:
        instances = place.account.call(place.account.list_instances).get("instances", [])
    except TeardownError:
        return {}
    pools = {pool["instance-pool"]["id"]: name for name, pool in place.nodepools.items()}
    found: dict[str, list[str]] = {}
    for instance in instances:
        if name := pools.get((instance.get("manager") or {}).get("id", "")):
            found.setdefault(name, []).append(instance["name"])
    return found


def _ask_cluster(cloud: CloudDrain) -> ApiServer | None:
    """Adds the cluster's answers; None if it does not answer."""
    try:
        server = reach(cloud.account, cloud.target.cluster_id, 0, cloud.say)
        if server:
            drain.learn(cloud, server)
    except TeardownError:
        return None
    return server


def _nobody(line: str) -> None:
    """Discards a line."""
