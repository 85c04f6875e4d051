"""Looks at a living stack before an `up` changes it, and says what that would take away."""

from dataclasses import dataclass, replace

from . import changes, drain, going_pools, versions
from .changes import Chosen, Shown, Users
from .cloud.account import Account, Document, accounts
from .cloud.ownership import OF_A_SERVICE, targets_of
from .cloud.stack_ref import INGRESS, MADE_BY_CCM, StackRef
from .cloud_drain import CloudDrain, DrainTarget
from .cluster import services
from .cluster.api_server import reach
from .errors import TeardownError
from .storage_policy import override
from .subject import Subject


@dataclass(frozen=True)
class _Place:
    """Where the stack's cluster is."""

    subject: Subject
    account: Account
    cluster: Document

    @property
    def nodepools(self) -> dict[str, Document]:
        """Those of the stack, by their names in the settings."""
        labels = [(StackRef.from_labels(one), one) for one in self.cluster.get("nodepools") or []]
        ours = [one for label, one in labels if label and label.id == self.subject.stack_id]
        return {StackRef.noun(one["name"]): one for one in ours}


def foresee(subject: Subject, account: Account | None, chosen: Chosen, recorded: Chosen | None) -> list[str]:
    """Compares the settings with what there is: an `up` that was interrupted has recorded what it never did, so the
    cloud's word counts, and the state's only where the cloud has none.

    Args:
        subject: the stack, with the zone of the last `up`.
        account: of that zone; None where the API key is no good, which a preview does not need.
        chosen: the settings of today.
        recorded: those of the last `up`; None where it did not record them.

    Returns:
        A line for each thing that a person has to know before.

    Raises:
        TeardownError: it must not be done.
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
    if place:
        anew = going_pools.anew(shown, chosen, recorded)
        going_pools.refuse_unmakeable(anew, shown, chosen)
        if gone := [*going_pools.going(shown, chosen), *anew]:
            going_pools.refuse_locked(_senders(place, gone, balancers or []), anew)
    shrinking = changes.shrinking(shown, chosen)
    nodes = _nodes(place) if place and shrinking else {}
    lines = [changes.of_shrinking(pool, shown, chosen, recorded, nodes.get(pool, [])) for pool in shrinking]
    return [
        *changes.of_address(shown, chosen, recorded),
        *changes.of_left_behind(shown, chosen, recorded, subject.stack),
        *lines,
        *changes.of_parked(chosen),
    ]


def _places(subject: Subject, account: Account | None) -> list[_Place] | None:
    """The clusters that carry the stack's id; None where nobody could be asked."""
    if account is None:
        return None
    try:
        if found := _carrying(subject, account):
            return found
        # An `up` that was to move it may have been killed before it did.
        elsewhere = accounts(subject.stack)
        return [one for zone, other in elsewhere.items() for one in _carrying(replace(subject, zone=zone), other)]
    except TeardownError:
        return None


def _refuse_version(account: Account | None, chosen: Chosen, running: str) -> None:
    """
    Args:
        running: version of the cluster that stays; empty for a new one.

    Raises:
        TeardownError: the cluster does not get the version of the settings.
    """
    known = versions.offered(account) if account and chosen.version not in ("", running) else []
    if why := versions.refused(chosen.version, running, known):
        raise TeardownError(why)


def _carrying(subject: Subject, account: Account) -> list[_Place]:
    clusters = account.call(account.list_sks_clusters).get("sks-clusters", [])
    labels = [(StackRef.from_labels(one), one) for one in clusters]
    return [_Place(subject, account, one) for label, one in labels if label and label.id == subject.stack_id]


def _balancers(place: _Place) -> list[Document] | None:
    """The NLBs of the cluster's zone; None where the cloud does not say."""
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
    """Who made the ingress controller's NLB, and its address; None where one is about to take another's place."""
    names = {subject.ref.name(INGRESS): changes.MANAGED, subject.ref.name(MADE_BY_CCM): changes.CCM}
    found = [(names[one["name"]], one.get("ip", "")) for one in balancers if one["name"] in names]
    return (found or [(changes.NO_BALANCER, "")])[0] if len(found) < 2 else None


def _recorded(subject: Subject, recorded: Chosen | None) -> Shown:
    if recorded is None:
        return Shown(subject.zone)
    return Shown(recorded.zone, recorded.level, recorded.cni, load_balancer=recorded.load_balancer)


def _users(place: _Place) -> Users | None:
    """Lists what a drain of the cluster would find; None where the cloud does not say.

    Raises:
        TeardownError: others use the stack's own NLB, which stops that drain.
    """
    ref = place.subject.ref
    target = DrainTarget(place.cluster["id"], load_balancers=(ref.name(INGRESS),))
    cloud = CloudDrain(place.account, place.subject, target, _nobody)
    try:
        _ask_cluster(cloud)
        found = cloud.look()
    except TeardownError:
        return None
    cloud.refuse_guests(found)
    theirs = [item for item in cloud.balancers(found) if item.name != ref.name(MADE_BY_CCM)]
    return Users(theirs, cloud.data(found))


def _senders(place: _Place, pools: list[str], balancers: list[Document]) -> dict[str, list[str]]:
    """Who sends traffic to each of these pools, but for the stack's own ingress, which moves with the settings."""
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
    """The cluster's Services of type LoadBalancer, by the ids and by the names of their NLBs."""
    try:
        server = reach(place.account, place.cluster["id"], 0, _nobody)
        found = services.load_balancers(server) if server else []
    except TeardownError:
        return {}
    return {key: services.name(one) for one in found for key in services.balancer(one)}


def _nodes(place: _Place) -> dict[str, list[str]]:
    """The names of the nodes by pool; nothing where the cloud does not say."""
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


def _ask_cluster(cloud: CloudDrain) -> None:
    """Adds what the cluster says, where it says anything."""
    try:
        server = reach(cloud.account, cloud.target.cluster_id, 0, cloud.say)
        if server:
            drain.learn(cloud, server)
    except TeardownError:
        return


def _nobody(line: str) -> None:
    """To whom nothing has to be said."""
