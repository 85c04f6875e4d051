"""Deletes a stack's resources in the order that Exoscale allows, with retries while one resource locks another."""

import contextlib
import time
from collections.abc import Callable, Collection, Iterable

from ..errors import TeardownError
from ..wait import wait_until
from .account import Account, NotFound
from .report import cost
from .resource import (
    ANTI_AFFINITY_GROUP,
    BALANCER,
    CLUSTER,
    INSTANCE,
    INSTANCE_POOL,
    NODEPOOL,
    SECURITY_GROUP,
    SNAPSHOT,
    VOLUME,
    Resource,
)
from .survey import Accounts

Say = Callable[[str], None]
Find = Callable[[], Iterable[Resource]]

# NLBs lock the instance pools they target, nodepools their cluster, snapshots their volume, and instances the groups
# attached to them: docs/exoscale.md. Instances go with their nodepool; only Karpenter's are deleted one by one.
ORDER = (
    BALANCER,
    NODEPOOL,
    INSTANCE_POOL,
    INSTANCE,
    CLUSTER,
    SNAPSHOT,
    VOLUME,
    SECURITY_GROUP,
    ANTI_AFFINITY_GROUP,
)
# Texts of refusals that pass by themselves.
_PASSING = ("locked by", "in use", "is busy", "already being updated", "conflict", "answers 409", "still pending")
_FRUITLESS_ROUNDS = 3
_FREE_ALREADY = "Volume not attached"  # end of Exoscale's refusal to detach a volume that is not attached
_METHODS = {
    BALANCER: "delete_load_balancer",
    INSTANCE_POOL: "delete_instance_pool",
    INSTANCE: "delete_instance",
    CLUSTER: "delete_sks_cluster",
    SNAPSHOT: "delete_block_storage_snapshot",
    VOLUME: "delete_block_storage_volume",
    SECURITY_GROUP: "delete_security_group",
    ANTI_AFFINITY_GROUP: "delete_anti_affinity_group",
}


def remove(accounts: Accounts, find: Find, say: Say, patience: float, pause: float = 2.0) -> list[Resource]:
    """Deletes what `find` returns until it returns nothing. What is already gone counts as deleted.

    Args:
        accounts: the account in each zone.
        find: asks the cloud what to delete, at the beginning of each round.
        say: called once for each deletion, and with what prevents it.
        patience: seconds without any deletion after which it gives up on refusals that should pass.
        pause: seconds between two rounds.

    Returns:
        Everything that was deleted.

    Raises:
        TeardownError: something could not be deleted. Everything else has been deleted by then.
    """
    work = _Removal(accounts, find, say)
    if left := wait_until(work.round, patience, lambda remaining: time.sleep(min(pause, remaining))):
        raise TeardownError(_stuck(left, work.refusals))
    return list(work.removed.values())


class _Removal:
    def __init__(self, accounts: Accounts, find: Find, say: Say) -> None:
        self._accounts, self._find, self._say = accounts, find, say
        self._told: set[str] = set()
        self._known: dict[str, Resource] = {}
        self._fruitless = 0
        self.removed: dict[str, Resource] = {}
        self.refusals: dict[str, str] = {}

    def round(self) -> list[Resource]:
        """Asks the cloud once to delete each resource; returns what is left afterwards.

        Raises:
            TeardownError: a deletion is refused repeatedly, for a reason that does not pass.
        """
        left = self._look()
        while left:
            self.refusals = {}
            for item in sorted(left, key=lambda item: ORDER.index(item.kind)):
                if item.kind != INSTANCE or not item.parent:
                    self._delete(item)
            before, left = len(left), self._look()
            if len(left) == before or self.refusals:
                break
        passing = any(reason in refusal.lower() for refusal in self.refusals.values() for reason in _PASSING)
        self._fruitless = self._fruitless + 1 if left and self.refusals and not passing else 0
        if self._fruitless >= _FRUITLESS_ROUNDS:
            raise TeardownError(_stuck(left, self.refusals))
        return left

    def _look(self) -> list[Resource]:
        left = {item.id: item for item in self._find()}
        self.removed |= {id_: item for id_, item in self._known.items() if id_ not in left}
        self._known = left
        return list(left.values())

    def _delete(self, item: Resource) -> None:
        self._tell(f"deleting {item}")
        # A group is in every zone.
        account = self._accounts[item.zone] if item.zone else next(iter(self._accounts.values()))
        try:
            delete(account, item)
        except TeardownError as error:
            self.refusals[item.id] = str(error)
            self._tell(f"waiting: {item} stays: {error}")

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._say(line)


def delete(account: Account, item: Resource) -> None:
    """Deletes one resource; a security group with its rules. Does nothing if it is gone.

    Raises:
        TeardownError: Exoscale refuses.
    """
    with contextlib.suppress(NotFound):
        if item.kind == NODEPOOL:
            account.finish(account.delete_sks_nodepool, id=item.parent, sks_nodepool_id=item.id)
            return
        if item.kind == VOLUME:
            _detach(account, item.id)
        elif item.kind == SECURITY_GROUP:
            remove_rules(account, item.id)
        account.finish(getattr(account, _METHODS[item.kind]), id=item.id)


def take_off(account: Account, item: Resource, fate: str, say: Say) -> None:
    """Deletes an NLB's services that send traffic to the stack: Exoscale does not delete a pool that a service targets.

    Args:
        fate: what happens to the NLB, in words.
    """
    for service in item.to_us:
        say(f"taking service {service} off {item}, {fate}")
        with contextlib.suppress(NotFound):
            account.finish(account.delete_load_balancer_service, id=item.id, service_id=service)


def remove_rules(account: Account, group_id: str) -> list[str]:
    """Deletes the rules of a security group: a rule that names the group itself keeps it from being deleted (cli#413).

    Returns:
        Ids of the deleted rules; empty if the group is gone.
    """
    removed: list[str] = []
    with contextlib.suppress(NotFound):
        for rule in account.call(account.get_security_group, id=group_id).get("rules", []):
            with contextlib.suppress(NotFound):
                account.finish(account.delete_rule_from_security_group, id=group_id, rule_id=rule["id"])
            removed.append(rule["id"])
    return removed


def _detach(account: Account, volume_id: str) -> None:
    try:
        account.finish(account.detach_block_storage_volume, id=volume_id)
    except TeardownError as error:
        if not str(error).endswith(_FREE_ALREADY):
            raise


def _stuck(left: Collection[Resource], refusals: dict[str, str]) -> str:
    lines = [
        f"{item}, {cost([item])}: {refusals.get(item.id, 'it does not go')}; next: {item.command}"
        for item in left
        if item.kind != INSTANCE or not item.parent
    ]
    return "\n  ".join([f"this is left, at {cost(left)}:", *lines])
