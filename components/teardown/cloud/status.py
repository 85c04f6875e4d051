"""Sorts a stack's resources into those its state records, those its cluster uses, and leftovers that may be deleted."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from .labels import is_kept
from .ownership import OF_A_SERVICE
from .resource import BALANCER, CLUSTER, DATA, INSTANCE, Resource, Verdict
from .stack_ref import StackRef

RECORDED = "recorded"
IN_USE = "in use by the cluster"
KEPT = "kept on purpose"
SHARED = "shared with others"
UNRECORDED = "missing from the state: an interrupted up made it"
YOUNGER = "missing from the state and younger: an up may be making it, or the state is an old one"
RUNNING = "of a running cluster that the state does not know"
LEFT = "left"


@dataclass(frozen=True)
class State:
    """The parts of a stack's state by which its resources are judged.

    Args:
        stack: the stack; its id is empty if it is not known.
        ids: ids of all cloud resources that the state records; empty for a destroyed or unknown stack.
        saved: time when the state was written; None if that is not known.
    """

    stack: StackRef
    ids: Collection[str] = ()
    saved: datetime | None = None


@dataclass(frozen=True)
class Status:
    """The sorted resources of a stack.

    Args:
        rows: resources of the stack, its own or shared, with their status.
        strangers: resources with the stack's name but another id, or its id but another name.
        known: whether the stack's id is certain.
    """

    rows: tuple[tuple[Resource, str], ...]
    strangers: tuple[Resource, ...]
    known: bool

    @property
    def left(self) -> list[Resource]:
        """Resources that no state will delete any more, including volumes that were kept on purpose."""
        return [item for item, status in self.rows if status not in (RECORDED, IN_USE)]

    @property
    def ids(self) -> list[str]:
        """The stack ids that the rows carry."""
        return sorted({owner.id for item, _ in self.rows for owner in item.owners if owner.id})

    def of(self, *statuses: str) -> list[Resource]:
        """Returns the resources with one of these statuses."""
        return [item for item, status in self.rows if status in statuses]

    def removable(self, data: bool, included: Collection[str] = ()) -> list[Resource]:
        """Returns what may be deleted on request.

        Args:
            data: volumes and snapshots, too.
            included: ids of running clusters, or of resources younger than the state, that are included too.
        """
        chosen, offered = {*filter(None, included)}, []  # items without a parent have an empty id
        for item, status in self.rows:  # each comes after what it depends on
            if {item.id, item.parent, item.through} & chosen:
                chosen.add(item.id)
            if status in (KEPT, UNRECORDED, LEFT) or (status in (YOUNGER, RUNNING) and item.id in chosen):
                offered.append(item)
        return [item for item in offered if data or item.kind not in DATA]


def judge(found: Iterable[Resource], state: State) -> Status:
    """Sorts what the account holds.

    Args:
        found: the result of `ownership.resources` with the state's evidence.
    """
    found = list(found)
    stack, known = state.stack, bool(state.stack.id or state.ids)
    if known:
        mine = [item for item in found if item.id in state.ids or stack in item.owners]
    else:  # it is not known which stack of that name is meant
        mine = [item for item in found if any(_same_name(owner, stack) for owner in item.owners)]
    ids = {item.id for item in mine}
    strangers = [
        item
        for item in found
        if item.id not in ids and any(_same_name(owner, stack) or _same_id(owner, stack) for owner in item.owners)
    ]
    return Status(tuple(_statuses(mine, state)), tuple(strangers), known)


def _same_name(owner: StackRef, stack: StackRef) -> bool:
    return (owner.project, owner.stack) == (stack.project, stack.stack)


def _same_id(owner: StackRef, stack: StackRef) -> bool:
    return bool(stack.id) and owner.id == stack.id


def _statuses(mine: list[Resource], state: State) -> list[tuple[Resource, str]]:
    status: dict[str, str] = {}
    lives = any(item.kind == CLUSTER and item.id in state.ids for item in mine)
    for item in mine:
        # Something that a cluster's controllers made and nothing refers to now may still have an object in the cluster.
        idle = item.kind == BALANCER and not item.targets and (OF_A_SERVICE.fullmatch(item.name) or not item.labels)
        through = status.get(item.through, "")
        if item.id in state.ids:
            status[item.id] = RECORDED
        elif through in (RECORDED, IN_USE) or (lives and (item.kind in DATA or idle)):
            status[item.id] = IN_USE
        elif is_kept(item):
            status[item.id] = KEPT
        elif RUNNING in (through, status.get(item.parent)) or (item.kind == CLUSTER and item.state == "running"):
            status[item.id] = RUNNING
        elif state.ids and state.saved and item.created and item.created > state.saved:
            status[item.id] = YOUNGER
        elif item.verdict(state.stack) is Verdict.PARTLY:
            status[item.id] = SHARED
        else:
            status[item.id] = UNRECORDED if state.ids or state.saved else LEFT
    return [(item, status[item.id]) for item in mine]


def by_maker(status: Status) -> dict[str, list[Resource]]:
    """Groups the stack's resources by who made them: `the stack`, `the cluster's users`, or what is `left`."""
    recorded = {item.id for item in status.of(RECORDED)}
    stack = [item for item in status.of(RECORDED, IN_USE) if item.id in recorded or item.kind == INSTANCE]
    stack_ids = {item.id for item in stack}
    users = [item for item in status.of(IN_USE) if item.id not in stack_ids]
    return {"the stack": stack, "the cluster's users": users, "left": status.left}
