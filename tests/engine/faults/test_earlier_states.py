"""States that the program wrote before it had a provider of its own: what stands in them goes on working."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.faults.account import Account, Held, besides, lasting
from tests.engine.faults.earlier_program import shell_steps
from tests.engine.faults.subject import Subject

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]


@pytest.fixture
def earlier(make_subject: Callable[..., Subject]) -> Subject:
    """A stack that the program of before brought up, with a user's Service and a user's volume in its cluster."""
    subject = make_subject()
    with shell_steps():
        subject.up()
    users = subject.users()
    users.expose("front")
    users.store("db")
    return subject


def test_such_a_stack_is_destroyed_without_a_trace(earlier: Subject, assert_gone: AssertGone) -> None:
    earlier.destroy()
    assert_gone(earlier)


def test_an_up_that_replaces_its_commands_takes_nothing_out_of_the_living_cluster(
    earlier: Subject, account: Account, bystander: Held, assert_gone: AssertGone
) -> None:
    """The engine runs the old commands' delete steps in that `up`."""

    def held() -> dict[str, Any]:
        mine = lasting(besides(account.holds(), bystander))
        return {kind: set(items) for kind, items in mine.items()}

    before, service = held(), earlier.users().service("front")
    earlier.up()
    assert held() == before
    assert earlier.users().service("front")["metadata"]["uid"] == service["metadata"]["uid"]
    assert earlier.up().summary.resource_changes.keys() == {"same"}
    earlier.destroy()
    assert_gone(earlier)


def test_a_load_balancer_that_came_after_the_nodepools_is_the_same_to_an_up(
    make_subject: Callable[..., Subject], assert_gone: AssertGone
) -> None:
    subject = make_subject()
    subject.up()
    subject.restore(_after_the_second_drain(subject.state()))
    assert subject.up().summary.resource_changes.keys() == {"same"}
    subject.destroy()
    assert_gone(subject)


def _after_the_second_drain(exported: dict[str, Any]) -> dict[str, Any]:
    """The state that the program wrote when the NLB depended on the second drain."""
    resources = exported["deployment"]["resources"]
    of_type = {one["type"].rpartition(":")[2]: one for one in resources}
    of_type["Nlb"]["dependencies"] = [of_type["SecondDrain"]["urn"]]
    late = {of_type["Nlb"]["urn"]}
    for one in resources:
        if late & {*one.get("dependencies", ()), one.get("parent")}:
            late.add(one["urn"])
    resources.sort(key=lambda one: one["urn"] in late)  # nothing is recorded before what it depends on
    return exported
