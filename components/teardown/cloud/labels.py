"""Labels what a cluster's controllers made, so that it is known as the stack's after the cluster is gone."""

import contextlib

from ..errors import TeardownError
from .account import Account, NotFound
from .resource import BALANCER, SNAPSHOT, VOLUME, Resource, Verdict
from .stack_ref import STACK_ID, StackRef

KEEP = {"on-destroy": "keep"}
_METHODS = {
    BALANCER: "update_load_balancer",
    VOLUME: "update_block_storage_volume",
    SNAPSHOT: "update_block_storage_snapshot",
}


def tag(account: Account, item: Resource, stack: StackRef, owner: str, keep: bool = False) -> None:
    """Labels a resource as the stack's. Does nothing if it is gone or already labelled.

    Args:
        owner: contact to ask.
        keep: whether it is data that should stay.

    Raises:
        TeardownError: it is not the stack's alone, or carries another stack's id.
    """
    carried = item.labels.get(STACK_ID, stack.id)
    if item.verdict(stack) is not Verdict.OURS or carried != stack.id:
        raise TeardownError(f"{item} is not labelled as {stack}'s: {item.proof or 'nothing proves whose it is'}")
    others = {key: value for key, value in item.labels.items() if key not in KEEP}
    wanted = others | stack.labels(owner) | (KEEP if keep else {})
    if wanted != item.labels:
        with contextlib.suppress(NotFound):
            account.finish(getattr(account, _METHODS[item.kind]), id=item.id, labels=wanted)


def is_kept(item: Resource) -> bool:
    """Whether its labels say that it should stay."""
    return item.labels.items() >= KEEP.items()
