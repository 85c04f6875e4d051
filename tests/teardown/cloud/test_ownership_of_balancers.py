"""Whose NLBs are: by label, by whom they serve, and in the end by whom they were made for."""

from typing import Any

import pytest

from components.teardown.cloud.abandoned import abandoned, why_abandoned
from components.teardown.cloud.resource import SOMEBODY, Verdict
from tests.teardown.cloud.cases import Make, Table, judged
from tests.teardown.paper import (
    BALANCER_NAME,
    BALANCER_SAYS,
    COPY,
    K8S,
    NAMESAKE,
    NEIGHBOUR,
    OURS,
    UID,
    PaperAccount,
    found,
)

OURS_, PARTLY, ANOTHERS, NOBODYS = Verdict.OURS, Verdict.PARTLY, Verdict.ANOTHERS, Verdict.NOBODYS
With = tuple[str, dict[str, Any]]
table = Table()
case = table.case


@case(OURS_, "its labels")
def one_with_our_labels(account: PaperAccount) -> str:
    return account.balancer(owner=OURS)


@case(ANOTHERS, "its labels")
def one_with_our_id_under_another_name(account: PaperAccount) -> str:
    return account.balancer(owner=COPY)


@case(OURS_, "its state records it")
def one_whose_labels_somebody_took_off_and_that_our_state_records(account: PaperAccount) -> With:
    made = account.balancer()
    return made, {"recorded": {made}}


@case(ANOTHERS, "its labels")
def one_that_our_state_records_and_that_carries_another_stacks_id(account: PaperAccount) -> With:
    made = account.balancer(owner=NEIGHBOUR)
    return made, {"recorded": {made}}


@case(OURS_, "sends traffic to instance pool *")
def one_that_serves_our_pool(account: PaperAccount) -> str:
    return account.balancer(account.pool())


@case(OURS_, "sends traffic to instance pool gone")
def one_that_serves_a_pool_that_our_state_records_and_that_is_gone(account: PaperAccount) -> With:
    return account.balancer("gone"), {"pools": {"gone"}}


@case(OURS_, "sends traffic to instance pool *")
def one_that_serves_our_pool_and_one_that_is_gone(account: PaperAccount) -> str:
    return account.balancer(account.pool(), "gone")


@case(PARTLY, f"{OURS}: sends traffic to instance pool *; {NEIGHBOUR}: sends traffic to instance pool *")
def one_that_serves_two_stacks(account: PaperAccount) -> str:
    return account.balancer(account.pool(), account.pool(NEIGHBOUR))


@case(PARTLY, f"{OURS}: sends traffic to instance pool *; somebody: sends traffic to instance pool *")
def one_that_serves_us_and_a_persons_pool(account: PaperAccount) -> str:
    return account.balancer(account.pool(), account.bare_pool())


@case(PARTLY, f"{NEIGHBOUR}: sends traffic to instance pool *; {OURS}: its labels")
def one_with_our_labels_that_serves_another_stacks_pool(account: PaperAccount) -> str:
    return account.balancer(account.pool(NEIGHBOUR), owner=OURS)


@case(PARTLY, f"{OURS}: sends traffic to instance pool *; {NEIGHBOUR}: its labels")
def one_with_another_stacks_labels_that_serves_our_pool(account: PaperAccount) -> str:
    return account.balancer(account.pool(), owner=NEIGHBOUR)


@case(PARTLY, f"{OURS}: sends traffic to instance pool *; somebody: a Service is attached to it and does not own it")
def one_made_by_hand_that_our_service_is_attached_to(account: PaperAccount) -> With:
    made = account.balancer(account.pool())
    return made, {"external": {made}}


@case(ANOTHERS, "its labels")
def another_stacks_that_our_service_names_as_external(account: PaperAccount) -> With:
    made = account.balancer(owner=NEIGHBOUR)
    return made, {"external": {made}}


@case(ANOTHERS, "a Service is attached to it and does not own it")
def an_empty_one_that_our_service_is_attached_to_and_that_is_called_after_it(account: PaperAccount) -> With:
    made = account.balancer(name=K8S)
    return made, {"external": {made}, "services": {UID}}


@case(OURS_, "its labels")
def our_managed_one_that_our_service_is_attached_to(account: PaperAccount) -> With:
    made = account.balancer(account.pool(), owner=OURS)
    return made, {"external": {made}}


@case(OURS_, "named after a Service of its cluster")
def one_without_services_that_is_called_after_our_service(account: PaperAccount) -> With:
    return account.balancer(name=K8S), {"services": {UID}}


@case(NOBODYS)
def one_that_is_called_after_a_service_that_our_cluster_does_not_have(account: PaperAccount) -> With:
    return account.balancer(name=K8S), {"services": {"99999999-2222-4333-8444-555555555555"}}


@case(NOBODYS)
def one_whose_name_begins_as_our_services_does(account: PaperAccount) -> With:
    return account.balancer(name=f"{K8S}-2"), {"services": {UID}}


@case(ANOTHERS, "sends traffic to instance pool *")
def one_that_is_called_after_our_service_and_serves_another_stack(account: PaperAccount) -> With:
    return account.balancer(account.pool(NEIGHBOUR), name=K8S), {"services": {UID}}


@case(OURS_, "its name and description")
def one_that_the_ccm_made_for_our_own_service_and_that_serves_nothing_yet(account: PaperAccount) -> str:
    return account.balancer(name=BALANCER_NAME, description=BALANCER_SAYS)


@case(OURS_, "its name and description")
def one_with_our_description_whose_pools_are_gone(account: PaperAccount) -> str:
    return account.balancer("gone", name=BALANCER_NAME, description=BALANCER_SAYS)


@case(ANOTHERS, "sends traffic to instance pool *")
def one_with_our_description_that_serves_another_stack(account: PaperAccount) -> str:
    return account.balancer(account.pool(NEIGHBOUR), name=BALANCER_NAME, description=BALANCER_SAYS)


@case(NOBODYS)
def one_with_our_description_and_another_name(account: PaperAccount) -> str:
    return account.balancer(name="exoscale-sks-dev-2-ingress", description=BALANCER_SAYS)


@case(NOBODYS)
def one_whose_name_begins_as_our_names_do(account: PaperAccount) -> str:
    return account.balancer(name=BALANCER_NAME)


@pytest.mark.parametrize(("make", "verdict", "proof"), table.cases)
def test_it_is_known_whose_it_is(make: Make, verdict: Verdict, proof: str) -> None:
    assert judged(make) == (verdict, proof)


def test_of_a_shared_one_only_the_services_to_our_pools_are_ours_to_take_off() -> None:
    account = PaperAccount()
    ours, theirs = account.pool(), account.pool(NEIGHBOUR)
    shared = account.balancer(ours, theirs, "gone")

    item = found(account)[shared]

    assert item.to_us == (f"to-{ours}",)
    assert item.targets == {f"to-{pool}": pool for pool in (ours, theirs, "gone")}


def test_the_same_one_is_partly_each_ones() -> None:
    account = PaperAccount()
    shared = account.balancer(account.pool(), account.pool(NEIGHBOUR))

    assert {found(account, stack=one)[shared].verdict(one) for one in (OURS, NEIGHBOUR)} == {PARTLY}
    assert found(account, stack=NAMESAKE)[shared].verdict(NAMESAKE) is ANOTHERS


def test_one_that_serves_our_nodepool_hangs_on_it_and_anothers_hangs_on_nothing_of_ours() -> None:
    account = PaperAccount()
    nodepool, pool = account.nodepool(account.cluster())
    ours, theirs = account.balancer(pool), account.balancer(account.pool(NEIGHBOUR))

    items = found(account)

    assert (items[ours].through, items[theirs].through) == (nodepool, "")


def test_those_of_dead_clusters_are_provably_nobodys_and_a_persons_idle_one_is_not() -> None:
    account = PaperAccount()
    dead, idle = account.balancer("gone"), account.balancer(name=K8S)
    account.balancer(name="for-later")
    account.balancer(account.bare_pool())

    items = abandoned(found(account).values())

    assert {item.id: why_abandoned(item) for item in items} == {
        dead: "its instance pools are gone: gone",
        idle: "made for a Kubernetes Service, sends traffic nowhere",
    }


def test_who_asks_for_no_stack_in_particular_is_told_the_same_owners() -> None:
    account = PaperAccount()
    pools = account.pool(), account.pool(NEIGHBOUR)
    made = account.balancer(*pools)

    assert found(account, stack=SOMEBODY)[made].owners == found(account)[made].owners
