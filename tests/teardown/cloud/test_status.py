"""Which of a stack's things its state knows, which its cluster uses, which are left, and what may be removed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from components.teardown.cloud.labels import KEEP
from components.teardown.cloud.resource import Resource
from components.teardown.cloud.stack_ref import StackRef
from components.teardown.cloud.status import (
    IN_USE,
    KEPT,
    LEFT,
    RECORDED,
    RUNNING,
    SHARED,
    UNRECORDED,
    YOUNGER,
    State,
    Status,
    by_maker,
    judge,
)
from tests.teardown.paper import COPY, K8S, NAMESAKE, NEIGHBOUR, OURS, OWNER, PVC, PaperAccount, found

BORN = datetime(2026, 11, 21, 7, tzinfo=UTC)  # all that a paper account holds
EARLIER, LATER = BORN.replace(hour=6), BORN.replace(hour=8)
UNKNOWN = StackRef(OURS.project, OURS.stack)


class Living:
    """A stack of ours that is up: its cluster, nodepool, node and NLB are recorded."""

    def __init__(self, account: PaperAccount) -> None:
        self.cluster = account.cluster()
        self.nodepool, self.pool = account.nodepool(self.cluster)
        self.node = account.instance(self.pool)
        self.balancer = account.balancer(self.pool, owner=OURS, name=OURS.name("ingress"))
        self.ids = {self.cluster, self.nodepool, self.balancer}


def judged(account: PaperAccount, ids: set[str], saved: datetime | None = LATER, stack: StackRef = OURS) -> Status:
    return judge(found(account, stack=stack, recorded=ids).values(), State(stack, ids, saved))


def statuses(status: Status) -> dict[str, str]:
    return {item.id: said for item, said in status.rows}


def ids(items: list[Resource] | tuple[Resource, ...]) -> set[str]:
    return {item.id for item in items}


@pytest.fixture
def living(account: PaperAccount) -> Living:
    return Living(account)


def test_of_a_living_stack_nothing_is_left(account: PaperAccount, living: Living) -> None:
    status = judged(account, living.ids)

    assert statuses(status) == {**dict.fromkeys(living.ids, RECORDED), living.node: IN_USE}
    assert status.left == status.removable(data=True) == []


def test_what_a_living_cluster_uses_is_in_use_though_an_abandoned_destroy_labelled_it(
    account: PaperAccount, living: Living
) -> None:
    used = {
        account.balancer(living.pool, name=K8S),
        account.balancer(living.pool, owner=OURS, name=K8S),
        account.balancer(owner=OURS, name=K8S),
        attached := account.volume(living.node),
        account.snapshot(attached),
        account.volume(owner=OURS),
    }

    status = judged(account, living.ids)

    assert {statuses(status)[id_] for id_ in used} == {IN_USE}
    assert status.left == []


def test_what_an_interrupted_up_made_is_missing_from_the_state(account: PaperAccount, living: Living) -> None:
    made = {account.balancer(owner=OURS), account.security_group(), account.nodepool(living.cluster)[0]}
    added = account.nodepool(living.cluster, None)[0]

    status = judged(account, living.ids)

    assert ids(status.of(UNRECORDED)) == ids(status.removable(data=False)) == made
    assert statuses(status)[added] == IN_USE


def test_what_is_younger_than_the_state_is_only_removed_by_name(account: PaperAccount, living: Living) -> None:
    """Either an `up` makes it at this moment, or the state is an older one that was restored."""
    made, other = account.balancer(owner=OURS), account.security_group()

    status = judged(account, living.ids, saved=EARLIER)

    assert {statuses(status)[id_] for id_ in (made, other)} == {YOUNGER}
    assert status.removable(data=True) == status.removable(data=True, included={""}) == []
    assert ids(status.removable(data=True, included={made})) == {made}


def test_a_running_cluster_is_only_removed_by_name_and_then_with_all_that_hangs_on_it(
    account: PaperAccount, living: Living
) -> None:
    twin = account.cluster()
    nodepool, pool = account.nodepool(twin)
    node, balancer = account.instance(pool), account.balancer(pool)

    status = judged(account, living.ids)

    assert {statuses(status)[id_] for id_ in (twin, nodepool, node, balancer)} == {RUNNING}
    assert status.removable(data=True) == []
    assert ids(status.removable(data=True, included={twin})) == {twin, nodepool, node, balancer}


def test_a_cluster_that_does_not_run_is_left_without_more_ado(account: PaperAccount) -> None:
    broken = account.cluster(state="error")

    assert ids(judged(account, set(), None).removable(data=False)) == {broken}


def test_without_a_state_what_is_found_is_left(account: PaperAccount) -> None:
    balancer, group = account.balancer(owner=OURS), account.security_group()

    assert statuses(judged(account, set(), None)) == {balancer: LEFT, group: LEFT}


def test_data_is_removed_only_when_it_is_asked_for_also_when_it_was_kept_on_purpose(account: PaperAccount) -> None:
    kept = account.volume(labels=OURS.labels(OWNER) | KEEP)

    status = judged(account, set(), None)

    assert statuses(status) == {kept: KEPT}
    assert ids(status.left) == {kept}
    assert (ids(status.removable(data=False)), ids(status.removable(data=True))) == (set(), {kept})


def test_what_others_have_a_part_in_is_shared_and_never_removed(account: PaperAccount, living: Living) -> None:
    shared = account.balancer(account.bare_pool(OURS), account.pool(NEIGHBOUR))

    status = judged(account, living.ids)

    assert statuses(status)[shared] == SHARED
    assert shared not in ids(status.removable(True, account.ids()))


def test_other_stacks_of_our_name_or_id_are_strangers_and_similar_names_are_not_even_that(
    account: PaperAccount,
) -> None:
    namesake, copy = account.balancer(owner=NAMESAKE), account.balancer(owner=COPY)
    account.balancer(owner=NEIGHBOUR)

    status = judged(account, set(), None)

    assert status.rows == ()
    assert ids(status.strangers) == {namesake, copy}


def test_where_nobody_says_which_id_is_meant_all_of_that_name_is_shown(account: PaperAccount) -> None:
    both = {account.balancer(owner=OURS), account.balancer(owner=NAMESAKE)}
    account.balancer(owner=NEIGHBOUR)

    status = judged(account, set(), None, UNKNOWN)

    assert (ids([item for item, _ in status.rows]), status.known) == (both, False)
    assert status.ids == [OURS.id, NAMESAKE.id]


def test_a_state_that_records_something_knows_its_stack_also_without_an_id(account: PaperAccount) -> None:
    balancer = account.balancer(labels={"project": OURS.project, "stack": OURS.stack})
    account.balancer(owner=NAMESAKE)

    status = judged(account, {balancer}, None, UNKNOWN)

    assert status.known
    assert statuses(status) == {balancer: RECORDED}


@pytest.mark.parametrize("labels", [NEIGHBOUR.labels(OWNER), {}])
def test_what_the_state_records_is_shown_whatever_became_of_its_labels(
    account: PaperAccount, living: Living, labels: dict[str, Any]
) -> None:
    account.update_load_balancer(id=living.balancer, labels=labels)

    assert statuses(judged(account, living.ids))[living.balancer] == RECORDED


def test_the_sum_is_told_by_who_made_it(account: PaperAccount, living: Living) -> None:
    users = account.balancer(living.pool, name=K8S)
    claimed = account.volume(living.node, name=PVC)
    left = account.balancer(owner=OURS)

    makers = by_maker(judged(account, living.ids))

    assert {who: ids(items) for who, items in makers.items()} == {
        "the stack": living.ids | {living.node},
        "the cluster's users": {users, claimed},
        "left": {left},
    }
