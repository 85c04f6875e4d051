"""Deletes, at the end of a destroy, what an interrupted `up` made and never recorded; writes the receipt."""

from .cloud import labels, removal
from .cloud.abandoned import abandoned
from .cloud.account import Account
from .cloud.ownership import Evidence, resources
from .cloud.report import Asked, cost, costing, receipt, unproven
from .cloud.resource import BALANCER, CLUSTER, DATA, NODEPOOL, SNAPSHOT, Resource, Verdict
from .cloud.stack_ref import StackRef
from .cloud.survey import Accounts, survey
from .errors import TeardownError
from .storage_policy import OVERRIDE
from .subject import Say, Subject

_LEAVE, _KEEP, _DELETE, _REFUSE = "leave", "keep", "delete", "refuse"


def sweep_stack(
    zones: Accounts, subject: Subject, policy: str | None, patience: float, say: Say, pause: float = 2.0
) -> list[str]:
    """Deletes everything that is the stack's alone, in every zone.

    Args:
        zones: the account in each zone, the stack's own first. It has to answer; others are skipped with a warning.
        policy: what to do with volumes; None follows their labels.
        patience: seconds without any deletion after which it gives up.
        pause: seconds between two tries.

    Returns:
        Lines for the user; the receipt is the last one.

    Raises:
        TeardownError: something could not be deleted, or there are volumes and no policy says what to do with them.
    """
    if not subject.stack_id:
        raise TeardownError("the stack's own id is empty, so nothing in the account is provably the stack's")
    work = _Sweep(zones, subject, policy, say)
    removed = removal.remove(zones, work.find, say, patience, pause)
    lines = [f"swept: removed {costing(removed)}"] if removed else []
    lines += [f"kept: {item}, {cost([item])}; next: {item.command}" for item in work.kept]
    lines += [f"left: {item}, {cost([item])}: {item.proof}" for item in work.left]
    lines += [
        f"of the same name: {item}, {cost([item])}: {item.proof}; next: {item.command}" for item in work.namesakes
    ]
    lines += unproven(work.abandoned)
    name = f"stack {subject.project}/{subject.stack}"
    asked = Asked.now(work.zones, subject.home)
    return [*lines, receipt(name, [*work.kept, *work.left], work.namesakes, asked)]


def sweep_nodepools(account: Account, subject: Subject, cluster_id: str, patience: float, say: Say) -> list[str]:
    """Deletes the stack's nodepools of a cluster just before the cluster is deleted: those that Pulumi knows are gone,
    and any other would keep the cluster from being deleted. NLBs that lock one are deleted first. The drain handles
    volumes.

    Raises:
        TeardownError: one of them could not be deleted.
    """
    zones = {subject.zone: account}

    def find() -> list[Resource]:
        found = resources(survey(zones, groups=False), Evidence(subject.ref, recorded=frozenset({cluster_id})))
        ours = [item for item in found if item.verdict(subject.ref) is Verdict.OURS]
        nodepools = {item.id for item in ours if item.kind == NODEPOOL and item.parent == cluster_id}
        return [item for item in ours if item.id in nodepools or (item.kind == BALANCER and item.through in nodepools)]

    removed = removal.remove(zones, find, say, patience)
    return [f"swept: removed {', '.join(map(str, removed))}"] if removed else []


class _Sweep:
    def __init__(self, zones: Accounts, subject: Subject, policy: str | None, say: Say) -> None:
        self.zones, self._subject, self._policy, self._say = dict(zones), subject, policy, say
        self.kept: list[Resource] = []
        self.left: list[Resource] = []
        self.namesakes: list[Resource] = []
        self.abandoned: list[Resource] = []

    def find(self) -> list[Resource]:
        """Returns what to delete now. Sets `kept` to what stays, `left` to what is not the stack's alone, `namesakes`
        to what carries its name under another id, and `abandoned` to what may have been its own, in its zone."""
        found = resources(survey(self.zones, self._skip), Evidence(self._subject.ref))
        self.abandoned = [item for item in abandoned(found) if item.zone == next(iter(self.zones))]
        same_name = [item for item in found if any(map(self._is_namesake, item.owners))]
        self.namesakes = [item for item in same_name if item.billable]
        ours = self._of_verdict(found, Verdict.OURS)
        # A later stack with the same id has a cluster of the same name, and nothing tells whether it uses a volume.
        fates = self._fates(ours, succeeded=any(item.kind == CLUSTER for item in same_name))
        refused = [item for item in ours if fates[item.id] == _REFUSE]
        if refused:
            raise TeardownError(
                f"these hold data: {'; '.join(map(str, refused))}. Next: say what becomes of them: "
                f"`{OVERRIDE}=delete pulumi destroy` (or keep)"
            )
        self.kept = [item for item in ours if fates[item.id] == _KEEP]
        for item in self.kept:
            labels.tag(self.zones[item.zone], item, self._subject.ref, self._subject.owner, keep=True)
        self.left = self._of_verdict(found, Verdict.PARTLY) + [item for item in ours if fates[item.id] == _LEAVE]
        return [item for item in ours if fates[item.id] == _DELETE]

    def _of_verdict(self, found: list[Resource], verdict: Verdict) -> list[Resource]:
        return [item for item in found if item.verdict(self._subject.ref) is verdict]

    def _fates(self, ours: list[Resource], succeeded: bool) -> dict[str, str]:
        """A drain labels what it keeps or deletes, and stops before that if the policy is `refuse`."""
        fates: dict[str, str] = {}
        for item in ours:  # each volume before its snapshots
            if item.kind not in DATA:
                fates[item.id] = _DELETE
            elif labels.is_kept(item):
                fates[item.id] = _KEEP
            elif succeeded:
                fates[item.id] = _LEAVE
            else:
                labelled = StackRef.from_labels({"labels": item.labels}) == self._subject.ref
                as_its_volume = fates.get(item.through, _REFUSE) if item.kind == SNAPSHOT else _REFUSE
                fates[item.id] = self._policy or (_DELETE if labelled else as_its_volume)
        return fates

    def _is_namesake(self, owner: StackRef) -> bool:
        own = self._subject.ref
        return (owner.project, owner.stack) == (own.project, own.stack) and owner.id != own.id

    def _skip(self, zone: str, error: TeardownError) -> None:
        if zone == next(iter(self.zones)):
            raise error
        del self.zones[zone]
        self._say(f"warning: zone {zone} was not looked into: {error}")
