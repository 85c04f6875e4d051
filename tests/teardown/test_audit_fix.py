"""What an audit may remove: what is provably left of a stack, and nothing that may still be in use."""

from collections.abc import Collection

import pytest

from components.teardown.audit import fix, refuse_while_worked_on
from components.teardown.cloud.account import Document
from components.teardown.cloud.labels import KEEP
from components.teardown.cloud.resource import Resource
from components.teardown.errors import TeardownError
from components.teardown.state.recorded import BALANCER, recorded
from tests.teardown.deployment import FakeBackend, exported, resource, stack_id
from tests.teardown.living import Living, audited
from tests.teardown.paper import (
    NAMESAKE,
    NEIGHBOUR,
    OURS,
    OWNER,
    PaperAccount,
)


@pytest.fixture
def living(account: PaperAccount) -> Living:
    return Living(account)


class Fixing:
    """A fix of an account."""

    def __init__(self, account: PaperAccount) -> None:
        self.account, self.shown = account, list[Resource]()
        account.changes.clear()

    def __call__(
        self,
        state: Document | None = None,
        stack_id: str = "",
        data: bool = False,
        included: Collection[str] = (),
        agree: bool = True,
        twins: Collection[str] = (),
    ) -> None:
        def agreed(going: list[Resource]) -> bool:
            self.shown = going
            return agree

        zones = {self.account.zone: self.account}
        fix(zones, lambda: audited(self.account, state, stack_id, twins), data, included, agreed, str, patience=0)


@pytest.fixture
def fixing(account: PaperAccount) -> Fixing:
    return Fixing(account)


def test_a_fix_removes_what_an_interrupted_up_made_and_nothing_of_the_living_stack(
    account: PaperAccount, living: Living, fixing: Fixing
) -> None:
    before = account.ids()
    account.balancer(owner=OURS)
    account.security_group()

    fixing(living.state)

    assert account.ids() == before


def test_a_fix_shows_what_it_would_delete_and_takes_no_for_an_answer(account: PaperAccount, fixing: Fixing) -> None:
    balancer = account.balancer(owner=OURS)

    fixing(stack_id=OURS.id, agree=False)

    assert [item.id for item in fixing.shown] == [balancer]
    assert account.changes == []


def test_a_fix_offers_neither_a_running_cluster_nor_what_is_younger_than_the_state_unless_it_is_named(
    account: PaperAccount, living: Living, fixing: Fixing
) -> None:
    younger = account.balancer(owner=OURS, **{"created-at": "2026-11-23T12:00:00Z"})
    twin = account.cluster()
    account.instance(account.nodepool(twin)[1])

    fixing(living.state)
    assert (fixing.shown, account.changes) == ([], [])

    fixing(living.state, included={younger, twin})
    assert account.ids() == {living.cluster, living.nodepool, *living.nodes, living.balancer}


def test_a_fix_with_an_older_state_does_not_take_the_living_cluster(
    account: PaperAccount, living: Living, fixing: Fixing
) -> None:
    """As after a restore of a backup from before the cluster was made."""
    fixing(exported(stack_id(), saved="2026-11-01T00:00:00Z"))

    assert (fixing.shown, account.changes) == ([], [])


def test_a_fix_leaves_data_alone_and_labels_it_before_the_machine_that_proves_it_goes(
    account: PaperAccount, fixing: Fixing
) -> None:
    cluster = account.cluster(state="error")
    volume = account.volume(account.instance(account.nodepool(cluster)[1]))
    snapshot = account.snapshot(volume)

    fixing(stack_id=OURS.id)

    assert account.ids() == {volume, snapshot}
    assert account.labels(volume) == account.labels(snapshot) == OURS.labels(OWNER) | KEEP

    fixing(stack_id=OURS.id, data=True)
    assert account.ids() == set()


def test_a_fix_refuses_where_no_state_says_whose_it_is(account: PaperAccount, fixing: Fixing) -> None:
    account.balancer(owner=OURS)
    account.balancer(owner=NAMESAKE)

    with pytest.raises(TeardownError, match=r"they carry aaaaaaaaaaaa and bbbbbbbbbbbb.*--fix --stack-id aaaaaaaaaaaa"):
        fixing()
    assert account.changes == []


def test_a_fix_refuses_while_two_states_hold_one_id(account: PaperAccount, fixing: Fixing) -> None:
    account.balancer(owner=OURS)

    with pytest.raises(TeardownError, match="dev and dev-copy hold the same stack-id: `pulumi stack rm --force`"):
        fixing(exported(stack_id()), twins=["dev", "dev-copy"])
    assert account.changes == []


def test_a_fix_takes_neither_a_namesakes_things_nor_what_others_share(account: PaperAccount, fixing: Fixing) -> None:
    account.balancer(owner=NAMESAKE)
    account.balancer(account.pool(NEIGHBOUR), owner=OURS)

    fixing(stack_id=OURS.id, included=account.ids())

    assert account.changes == []


def test_nobody_fixes_a_stack_that_somebody_works_on_or_was_interrupted_in() -> None:
    backend = FakeBackend()
    refuse_while_worked_on(backend, "dev", recorded(exported()))

    with pytest.raises(TeardownError, match=r"operations that began and did not end.*--clear-pending-creates"):
        refuse_while_worked_on(backend, "dev", recorded(exported(pending=[{"resource": resource(BALANCER, "x")}])))
    backend.working = "jane@tower (pid 4711)"
    with pytest.raises(TeardownError, match=r"locked by jane@tower \(pid 4711\).*`pulumi cancel --stack dev`"):
        refuse_while_worked_on(backend, "dev", recorded(exported()))
