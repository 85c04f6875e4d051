"""The audit of a project: which stacks live, and which outlived their state."""

from datetime import UTC, datetime

from components.teardown.cloud.report import Asked
from components.teardown.cloud.stack_ref import StackRef
from components.teardown.project_audit import of_project
from tests.teardown.deployment import FakeBackend, exported, stack_id
from tests.teardown.paper import ACME, NAMESAKE, NEIGHBOUR, OTHER_ZONE, OURS, ZONE, PaperAccount

ASKED = Asked("Exoscale", (ZONE,), ACME, datetime(2026, 11, 24, tzinfo=UTC))
ALIVE = FakeBackend(dev=exported(stack_id()))


def test_living_stacks_are_told_from_those_that_outlived_their_state(account: PaperAccount) -> None:
    there = PaperAccount(OTHER_ZONE)
    account.balancer(owner=OURS)
    there.balancer(owner=NEIGHBOUR)
    account.balancer(owner=NAMESAKE)
    account.balancer(owner=StackRef("another-project", "dev", "dddddddddddd"))

    found = of_project({ZONE: account, OTHER_ZONE: there}, OURS.project, ALIVE)

    assert found.failed
    wrong = {stack: wrong.partition(":")[0] for stack, (_, wrong) in found.stacks.items()}
    assert wrong == {
        OURS: "",
        NAMESAKE: "the stack of this name in this backend does not know it",
        NEIGHBOUR: "no such stack in this backend",
    }
    assert "2 things that cost 50.69 CHF per month are left" in found.text(ASKED)[-1]


def test_an_audit_succeeds_when_every_stack_lives(account: PaperAccount) -> None:
    account.balancer(owner=OURS)

    found = of_project({ZONE: account}, OURS.project, ALIVE)

    assert not found.failed
    assert found.text(ASKED)[0] == "exoscale-sks/dev (stack-id aaaaaaaaaaaa): 1 thing that costs 25.35 CHF per month"


def test_what_two_stacks_share_is_shown_with_each(account: PaperAccount) -> None:
    shared = account.balancer(account.pool(OURS), account.pool(NEIGHBOUR))

    stacks = of_project({ZONE: account}, OURS.project, ALIVE).stacks

    assert {stack for stack, (items, _) in stacks.items() if shared in {item.id for item in items}} == {OURS, NEIGHBOUR}


def test_an_audit_of_the_project_sums_by_owner_and_counts_what_two_stacks_of_one_owner_share_once(
    account: PaperAccount,
) -> None:
    account.balancer(account.pool(OURS), account.pool(NEIGHBOUR))
    bobs = StackRef(OURS.project, "pr-1", "dddddddddddd")
    account.balancer(owner=bobs, labels=bobs.labels("bob"))

    found = of_project({ZONE: account}, OURS.project, ALIVE)

    assert "by owner: alice 25.35 CHF per month, bob 25.35 CHF per month" in found.text(ASKED)
    assert found.document()["by-owner"] == {"alice": "25.35 CHF per month", "bob": "25.35 CHF per month"}


def test_a_document_for_programs_names_each_stack_and_what_is_wrong_with_it(account: PaperAccount) -> None:
    account.balancer(owner=NEIGHBOUR)

    (stack,) = of_project({ZONE: account}, OURS.project, ALIVE).document()["stacks"]

    assert (stack["stack"], stack["stack-id"], stack["cost"]) == ("dev-2", "cccccccccccc", "25.35 CHF per month")
    assert stack["holdings"][0]["status"] == stack["wrong"]
