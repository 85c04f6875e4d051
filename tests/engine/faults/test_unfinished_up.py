"""An `up` that ended before all its nodepools were there: users work in its cluster, and then it is destroyed."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandbox.faults import Fault
from tests.engine.faults.account import Account
from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject
from tests.engine.faults.test_killed_engine import killed

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
POOL = "create-sks-nodepool"


@pytest.fixture
def unfinished(
    make_subject: Callable[..., Subject], calls: Calls, settings: Mapping[str, Any]
) -> Callable[[str], Subject]:
    """A stack one of whose two nodepools was refused."""

    def up(policy: str) -> Subject:
        subject = make_subject(
            nodepools={"web": {"size": 1}, "jobs": {"size": 1}},
            ingress={**settings["ingress"], "nodepool": "web"},
            storage={"csi": True, "on-destroy": policy},
        )
        calls.arm(Fault(POOL, effect="status", status=409, nth=2))  # the first is under way by then
        subject.fails_to_come_up()
        assert len(subject.pool_ids) == 1
        return subject

    return up


def destroy_of_an_unfinished_up(subject: Subject) -> None:
    """`pulumi destroy`, and once more where the nodepool was still locked when the engine wanted to delete it."""
    if (printed := subject.tries("destroy")) is not None:
        assert "Locked by" in printed, printed
        assert "drained a cluster whose up had not ended. Next: if a nodepool is said to be locked" in printed
        subject.destroy()


def test_users_load_balancers_on_the_nodepool_that_was_made_go(
    unfinished: Callable[[str], Subject], assert_gone: AssertGone
) -> None:
    subject = unfinished("refuse")
    subject.users().expose("front")
    destroy_of_an_unfinished_up(subject)
    assert_gone(subject)


def test_users_volumes_are_refused_as_ever_and_then_go_by_the_policy(
    unfinished: Callable[[str], Subject], assert_gone: AssertGone, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = unfinished("refuse")
    subject.users().store("db")
    assert "the cluster's volumes hold data" in subject.refuses_to_go()
    monkeypatch.setenv("STORAGE_ON_DESTROY", "delete")
    subject.destroy()
    assert_gone(subject)


def test_a_controller_that_recreates_its_service_is_kept_out(
    unfinished: Callable[[str], Subject], assert_gone: AssertGone
) -> None:
    subject = unfinished("delete")
    users = subject.users()
    users.expose("front")
    users.store("db")
    with subject.recreating("front", "default") as recreating:
        destroy_of_an_unfinished_up(subject)
        assert recreating.refused.is_set()
    assert_gone(subject)


def test_a_nodepool_that_no_state_knows_goes_with_what_users_put_on_it(
    make_subject: Callable[..., Subject], calls: Calls, account: Account, assert_gone: AssertGone
) -> None:
    subject = make_subject(storage={"csi": True, "on-destroy": "delete"})
    killed(subject, calls, "up", POOL)
    account.settle()
    users = subject.users()
    users.expose("front")
    users.store("db")
    subject.destroy()
    assert_gone(subject)


def test_an_up_that_goes_on_lets_users_load_balancers_live(
    unfinished: Callable[[str], Subject], assert_gone: AssertGone
) -> None:
    subject = unfinished("refuse")
    users = subject.users()
    users.expose("front")
    balancer = users.load_balancer_id("front")
    subject.up()
    assert users.load_balancer_id("front") == balancer
    subject.destroy()
    assert_gone(subject)
