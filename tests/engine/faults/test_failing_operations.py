"""Each operation of a destroy fails once: the destroy gets past it or ends with an error, and never loses track."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.faults import Fault
from tests.engine.faults.calls import Calls
from tests.engine.faults.rounds import destroy_in_rounds
from tests.engine.faults.subject import Subject

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
CREATING = [
    "create-anti-affinity-group",
    "create-security-group",
    "create-sks-cluster",
    "create-sks-nodepool",
    "create-load-balancer",
]
LOST_REPLY: dict[str, Any] = {"effect": "lose-reply"}
FAILURE = {"effect": "failure", "reason": "busy"}
controllers = pytest.mark.parametrize("controllers", ["dead", "alive"])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_answer_that_clients_repeat_is_not_even_noticed(
    whole: Subject, calls: Calls, assert_gone: AssertGone, status: int
) -> None:
    calls.fail_first(effect="status", status=status)
    whole.destroy()
    assert calls.fired
    assert_gone(whole)


def test_an_answer_that_clients_repeat_until_they_give_up(
    whole: Subject, calls: Calls, assert_gone: AssertGone
) -> None:
    destroy_in_rounds(whole, calls, {"effect": "status", "status": 503, "times": 5}, among="delete-")
    assert_gone(whole)


@controllers
def test_a_reply_that_is_lost_after_the_effect(
    whole: Subject, calls: Calls, assert_gone: AssertGone, controllers: str
) -> None:
    end(whole, controllers)
    destroy_in_rounds(whole, calls, LOST_REPLY)
    assert_gone(whole)


@pytest.mark.parametrize("operation", CREATING)
def test_an_up_that_never_heard_that_something_was_made(
    make_subject: Callable[..., Subject], calls: Calls, assert_gone: AssertGone, operation: str
) -> None:
    """Clients ask again: where a name is used once, the cloud refuses them their own thing; elsewhere there are two."""
    subject = make_subject()
    calls.arm(Fault(operation, **LOST_REPLY))
    printed = subject.tries("up")
    if printed is not None:
        assert any(taken in printed for taken in ("already in use", "already exists")), printed
        subject.audit_and_fix()
        subject.up()
    assert calls.fired
    subject.destroy()
    assert_gone(subject)


@controllers
def test_an_operation_that_is_accepted_and_then_fails(
    whole: Subject, calls: Calls, assert_gone: AssertGone, controllers: str
) -> None:
    end(whole, controllers)
    destroy_in_rounds(whole, calls, FAILURE)
    assert_gone(whole)


def end(whole: Subject, controllers: str) -> None:
    """Kills the cluster's controllers where they are to be dead: or some of the calls that fail are theirs."""
    if controllers == "dead":
        whole.kill("ccm")
        whole.kill("csi")
