"""Deletes holdings in the order that Exoscale allows, again and again while one still holds another."""

import contextlib
import time
from collections.abc import Callable, Collection, Iterable

from teardown import rules, volumes
from teardown.account import Account, NotFound
from teardown.errors import TeardownError
from teardown.holdings import (
    ANTI_AFFINITY_GROUP,
    BALANCER,
    CLUSTER,
    INSTANCE,
    NODEPOOL,
    SECURITY_GROUP,
    SNAPSHOT,
    VOLUME,
    Holding,
)
from teardown.receipt import cost
from teardown.survey import Accounts

Say = Callable[[str], None]
Find = Callable[[], Iterable[Holding]]

# NLBs lock the instance pools that they target, nodepools their cluster, snapshots their volume, and instances wear
# the groups (facts §4). Instances go with their nodepool, so there is nothing to call for them.
ORDER = (BALANCER, NODEPOOL, CLUSTER, SNAPSHOT, VOLUME, SECURITY_GROUP, ANTI_AFFINITY_GROUP, INSTANCE)
# What a refusal says that passes by itself (facts §4).
_PASSING = ("locked by", "in use", "is busy", "already being updated", "conflict", "answers 409", "still pending")
_FRUITLESS_ROUNDS = 3
_METHODS = {
    BALANCER: "delete_load_balancer",
    CLUSTER: "delete_sks_cluster",
    SNAPSHOT: "delete_block_storage_snapshot",
    SECURITY_GROUP: "delete_security_group",
    ANTI_AFFINITY_GROUP: "delete_anti_affinity_group",
}


def remove(accounts: Accounts, find: Find, say: Say, patience: float, pause: float = 2.0) -> list[Holding]:
    """Deletes what `find` finds until it finds nothing. What is gone already is fine.

    Args:
        accounts: the account in each zone.
        find: asks the cloud what is to go, at the beginning of each round.
        say: told each deletion, once, and what keeps it from happening.
        patience: seconds without anything going after which it gives up on what a refusal says will pass.
        pause: seconds between two rounds.

    Returns:
        All that went.

    Raises:
        TeardownError: something stays. Whatever could be deleted is deleted by then.
    """
    removed: dict[str, Holding] = {}
    told: set[str] = set()
    known: dict[str, Holding] = {}
    deadline, fruitless = time.monotonic() + patience, 0
    while True:
        left = {item.id: item for item in find()}
        gone = known.keys() - left.keys()
        removed |= {id_: known[id_] for id_ in gone}
        idle, known = left.keys() == known.keys(), left
        if not left:
            return list(removed.values())
        if gone:
            deadline, fruitless = time.monotonic() + patience, 0
        refusals = _round(accounts, left.values(), say, told)
        passing = any(reason in refusal.lower() for refusal in refusals.values() for reason in _PASSING)
        fruitless += bool(refusals) and not passing
        if refusals or idle:
            if fruitless >= _FRUITLESS_ROUNDS or time.monotonic() > deadline:
                if still := list(find()):
                    raise TeardownError(_stuck(still, refusals))
                return [*removed.values(), *left.values()]
            time.sleep(pause)


def _round(accounts: Accounts, left: Iterable[Holding], say: Say, told: set[str]) -> dict[str, str]:
    """Asks once for each; what was refused, and why, by id."""
    refusals: dict[str, str] = {}

    def tell(line: str) -> None:
        if line not in told:
            told.add(line)
            say(line)

    for item in sorted(left, key=lambda item: ORDER.index(item.kind)):
        if item.kind == INSTANCE:
            continue
        tell(f"deleting {item}")
        try:
            # A group is in every zone.
            _delete(accounts[item.zone] if item.zone else next(iter(accounts.values())), item)
        except TeardownError as error:
            refusals[item.id] = str(error)
            tell(f"waiting: {item} stays: {error}")
    return refusals


def _delete(account: Account, item: Holding) -> None:
    with contextlib.suppress(NotFound):
        if item.kind == NODEPOOL:
            account.finish(account.delete_sks_nodepool, id=item.parent, sks_nodepool_id=item.id)
        elif item.kind == VOLUME:
            volumes.detach(account, item.id)
            account.finish(account.delete_block_storage_volume, id=item.id)
        else:
            if item.kind == SECURITY_GROUP:
                rules.remove(account, item.id)
            account.finish(getattr(account, _METHODS[item.kind]), id=item.id)


def _stuck(left: Collection[Holding], refusals: dict[str, str]) -> str:
    lines = [
        f"{item}, {cost([item])}: {refusals.get(item.id, 'it does not go')}; next: {item.command}"
        for item in left
        if item.kind != INSTANCE
    ]
    return "\n  ".join([f"this is left, at {cost(left)}:", *lines])
