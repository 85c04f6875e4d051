"""SIGKILL for the engine and all its processes, at any operation of up and destroy; then run again."""

from collections.abc import Callable

import pytest

from tests.engine.faults.account import Account
from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]

# The cloud does each of these, and no state knows of it.
CREATING = [
    "create-anti-affinity-group",
    "create-security-group",
    "add-rule-to-security-group",
    "create-sks-cluster",
    "generate-sks-cluster-kubeconfig",
    "create-sks-nodepool",
    "create-load-balancer",
    "add-service-to-load-balancer",
]
DELETING = [
    "delete-load-balancer-service",
    "delete-load-balancer",
    "delete-sks-nodepool",
    "delete-rule-from-security-group",
    "delete-sks-cluster",
]


def killed(subject: Subject, calls: Calls, verb: str, operation: str, **options: bool) -> None:
    """Runs the engine and kills it when it calls that operation, which takes effect all the same."""
    with subject.engine(verb, **options) as engine:
        trap = calls.trap(operation, engine.kill)
        _, printed = engine.wait()
    assert trap.sprung(), printed


@pytest.mark.parametrize("operation", CREATING)
def test_an_up_that_was_killed_is_destroyed(
    make_subject: Callable[..., Subject], calls: Calls, account: Account, assert_gone: AssertGone, operation: str
) -> None:
    subject = make_subject()
    killed(subject, calls, "up", operation)
    account.settle()
    subject.destroy()
    assert_gone(subject)


@pytest.mark.parametrize("operation", CREATING)
def test_an_up_that_was_killed_is_run_again_and_then_destroyed(
    make_subject: Callable[..., Subject], calls: Calls, account: Account, assert_gone: AssertGone, operation: str
) -> None:
    """Where Exoscale refuses a second thing of the same name, the error says so, and the audit removes the first.
    The `up` itself clears Helm's record of an install that was killed away."""
    subject = make_subject()
    killed(subject, calls, "up", operation)
    account.settle()
    printed = subject.tries("up")
    if printed is not None:
        assert any(taken in printed for taken in ("already in use", "already exists"))
        subject.audit_and_fix()
        subject.up()
    subject.users().expose("front", pool_id=subject.pool_id)  # there may be two pools
    subject.destroy()
    assert_gone(subject)


def test_a_destroy_that_was_killed_at_each_of_its_operations_in_turn_ends_in_nothing(
    subject: Subject, calls: Calls, account: Account, assert_gone: AssertGone
) -> None:
    subject.users().expose("front")
    for operation in DELETING:
        # What was deleted when the engine was killed still stands in the state.
        killed(subject, calls, "destroy", operation, refresh=True)
        account.settle()
    subject.destroy(refresh=True)
    assert_gone(subject)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_destroy_that_was_killed_in_its_last_step_ends_in_nothing(
    subject: Subject, calls: Calls, account: Account, assert_gone: AssertGone, nth: int
) -> None:
    """The sweep comes last: it lists all that could be the stack's."""
    with subject.engine("destroy") as engine:

        def watch_the_sweep() -> None:
            calls.trap("list-load-balancers", engine.kill, nth)

        calls.trap("delete-security-group", watch_the_sweep)
        status, printed = engine.wait()
    assert status, printed
    account.settle()
    subject.destroy()
    assert_gone(subject)
