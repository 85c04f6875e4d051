"""Deleting in the order that Exoscale allows, as long as something goes, and giving up on what does not."""

from collections.abc import Callable

import pytest

from components.teardown.cloud import removal
from components.teardown.cloud.ownership import Evidence, resources
from components.teardown.cloud.resource import Resource, Verdict
from components.teardown.cloud.survey import Accounts, survey
from components.teardown.errors import TeardownError
from tests.teardown.paper import NEIGHBOUR, OURS, OWNER, ZONE, PaperAccount, found
from tests.teardown.world import World


def ours_in(everywhere: Accounts) -> Callable[[], list[Resource]]:
    """Tells what is the stack's alone, in the zone of the tests."""

    def ours() -> list[Resource]:
        items = resources(survey({ZONE: everywhere[ZONE]}), Evidence(OURS))
        return [item for item in items if item.verdict(OURS) is Verdict.OURS]

    return ours


def test_a_whole_stack_goes_though_one_thing_locks_the_other(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    _, pool = world.nodepool(world.cluster(OURS), OURS)
    world.balancer(OURS, pool)
    world.snapshot(world.volume(OURS.labels(OWNER), world.instance(pool)))
    world.groups(OURS)
    zones, ours = {ZONE: everywhere[ZONE]}, ours_in(everywhere)

    gone = removal.remove(zones, ours, said.append, patience=30, pause=0.001)

    assert world.held() == {}
    assert len(gone) == 8
    assert not [line for line in said if line.startswith("waiting")], "holders go before what they hold"


def test_an_instance_that_a_person_made_stays_with_its_volume(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    world.nodepool(world.cluster(OURS), OURS)
    machine = world.machine()
    volume = world.volume({}, machine)
    assert world.held()["instance"] > {machine}

    removal.remove({ZONE: everywhere[ZONE]}, ours_in(everywhere), said.append, patience=30, pause=0.001)

    assert world.held() == {"instance": {machine}, "block-storage": {volume}}
    assert world.client().get_block_storage_volume(id=volume)["instance"] == {"id": machine}


class Refusing(PaperAccount):
    """Refuses to delete NLBs.

    Args:
        times: how often.
    """

    def __init__(self, why: str, times: int = 1000) -> None:
        super().__init__()
        self.why, self.times = why, times

    def delete_load_balancer(self, id: str) -> dict[str, object]:
        self.times -= 1
        if self.times >= 0:
            raise TeardownError(self.why)
        return self._delete("delete_load_balancer", "load-balancers", id)


def remove(account: PaperAccount, said: list[str], patience: float) -> None:
    removal.remove({ZONE: account}, lambda: [*found(account).values()], said.append, patience, pause=0)


def test_what_refuses_for_a_while_is_asked_again_and_said_once(said: list[str]) -> None:
    account = Refusing("Operation destroyNlb is forbidden - reason: Locked by somebody", times=5)
    account.balancer(owner=OURS)

    remove(account, said, patience=600)

    assert account.ids() == set()
    assert len([line for line in said if "Locked by" in line]) == 1


def test_what_goes_on_refusing_is_named_with_its_price_and_the_next_command_and_the_rest_goes(
    said: list[str],
) -> None:
    account = Refusing("Exoscale answers 409: busy")
    balancer = account.balancer(owner=OURS)
    account.security_group()

    with pytest.raises(TeardownError) as error:
        remove(account, said, patience=0)

    assert f"NLB {balancer} (nlb), 25.35 CHF per month: Exoscale answers 409" in str(error.value)
    assert f"exo compute load-balancer delete {balancer} --zone {ZONE}" in str(error.value)
    assert account.ids() == {balancer}


def test_what_is_refused_for_good_is_given_up_soon(said: list[str]) -> None:
    account = Refusing("Forbidden by role policy for compute")
    balancer = account.balancer(owner=OURS)

    with pytest.raises(TeardownError, match=f"{balancer}.*Forbidden by role policy"):
        remove(account, said, patience=600)


def test_a_rule_that_names_its_own_group_goes_before_the_group(account: PaperAccount) -> None:
    group = account.security_group()

    removal.delete(account, found(account)[group])

    assert account.changes == [f"delete_rule_from_security_group {group}", f"delete_security_group {group}"]


def test_what_is_gone_already_is_fine(account: PaperAccount) -> None:
    account.balancer(account.pool(), owner=OURS)
    account.instance(account.bare_pool(OURS))
    account.security_group()
    account.snapshot(account.volume(owner=OURS), OURS)
    items = found(account).values()
    for documents in account.held.values():
        documents.clear()

    for item in items:
        removal.delete(account, item)
        removal.take_off(account, item, "which stays", str)

    assert removal.remove_rules(account, "gone") == []


def test_of_an_nlb_that_stays_only_our_services_go(account: PaperAccount, said: list[str]) -> None:
    ours, theirs = account.pool(), account.pool(NEIGHBOUR)
    shared = account.balancer(ours, theirs)

    removal.take_off(account, found(account)[shared], "which stays", said.append)

    assert found(account)[shared].targets == {f"to-{theirs}": theirs}
    assert said == [f"taking service to-{ours} off NLB {shared} (nlb), which stays"]
