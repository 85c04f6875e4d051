"""Which of a stack's holdings its state knows, which its cluster uses, and which are left."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from teardown import volumes
from teardown.holdings import BALANCER, CLUSTER, DATA, Holding, Whose
from teardown.ownership import DESCRIBED, OF_A_SERVICE
from teardown.state import Recorded

RECORDED = "recorded"
IN_USE = "in use by the cluster"
KEPT = "kept on purpose"
ORPHAN = "not recorded: an interrupted up made it"
LEFT = "left"


@dataclass(frozen=True)
class Judgement:
    """What is said of a stack.

    Args:
        rows: what is the stack's, with its status.
        strangers: what a stack of the same name made that is another one, for it has another id.
        ids: the stack ids of the rows.
        known: whether the ids are the stack's own for sure, and not only those of a stack of that name.
    """

    rows: tuple[tuple[Holding, str], ...]
    strangers: tuple[Holding, ...]
    ids: tuple[str, ...]
    known: bool

    @property
    def left(self) -> list[Holding]:
        """What no state will delete any more, volumes that were kept on purpose included."""
        return [item for item, status in self.rows if status in (KEPT, ORPHAN, LEFT)]

    def removable(self, data: bool) -> list[Holding]:
        """What may be deleted by whoever says so.

        Args:
            data: volumes and snapshots, too.
        """
        return [item for item in self.left if data or item.kind not in DATA]


def judge(items: Iterable[Holding], project: str, stack: str, state: Recorded, stack_id: str = "") -> Judgement:
    """Sorts what the cloud holds.

    Args:
        items: what `ownership.holdings` gave, each after what it hangs on.
        state: what the stack's state records; empty for a stack that is destroyed or unknown.
        stack_id: the stack's own id, where somebody knows it better than the state.
    """
    own_id = stack_id or state.stack_id
    named = [item for item in items if _concerns(item, project, stack, own_id, state)]
    seen = {item.whose.stack_id for item in named if item.whose} - {""}
    if own_id or state.ids:  # a state without an id is of a program that gave none
        mine = [item for item in named if item.id in state.ids or _is(item.whose, own_id, seen)]
    else:
        mine = named
    ids = {item.whose.stack_id for item in mine if item.whose} - {""}
    return Judgement(
        tuple(_statuses(mine, state)),
        tuple(item for item in named if item not in mine),
        tuple(sorted(ids)),
        known=bool(own_id or state.ids),
    )


def _concerns(item: Holding, project: str, stack: str, own_id: str, state: Recorded) -> bool:
    if item.whose is None:
        return False
    by_name = (item.whose.project, item.whose.stack) == (project, stack)
    return by_name or item.id in state.ids or (own_id != "" and item.whose.stack_id == own_id)


def _is(whose: Whose | None, own_id: str, seen: Collection[str]) -> bool:
    """Whether it is the stack's; without an id on it only where no other stack has that name."""
    return whose is not None and (whose.stack_id == own_id or (not whose.stack_id and set(seen) <= {own_id}))


def _statuses(mine: list[Holding], state: Recorded) -> list[tuple[Holding, str]]:
    status: dict[str, str] = {}
    lives = any(item.kind == CLUSTER and item.id in state.ids for item in mine)
    for item in mine:
        # What a cluster's controllers made and nothing points at now may still have its object in there.
        unserved = item.kind == BALANCER and (OF_A_SERVICE.fullmatch(item.name) or item.proof == DESCRIBED)
        controllers = item.kind in DATA or unserved
        if item.id in state.ids:
            status[item.id] = RECORDED
        elif status.get(item.through) in (RECORDED, IN_USE) or (lives and controllers):
            status[item.id] = IN_USE
        elif item.labels.items() >= volumes.KEEP.items():
            status[item.id] = KEPT
        else:
            status[item.id] = ORPHAN if state.ids or state.stack_id else LEFT
    return [(item, status[item.id]) for item in mine]
