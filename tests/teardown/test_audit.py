"""The audit: what the cloud holds for a stack, whatever the state says, and what that costs."""

from datetime import UTC, datetime

import pytest

from components.teardown.cloud.report import Asked
from components.teardown.cloud.stack_ref import StackRef
from tests.teardown.deployment import exported, nodepool, stack_id
from tests.teardown.living import Living, audited
from tests.teardown.paper import (
    ACME,
    K8S,
    NAMESAKE,
    OURS,
    ZONE,
    PaperAccount,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ASKED = Asked("Exoscale", (ZONE,), ACME, NOW)
ELSEWHERE = StackRef("another-project", OURS.stack, "dddddddddddd")


@pytest.fixture
def living(account: PaperAccount) -> Living:
    return Living(account)


def test_a_stack_that_never_was_is_not_called_clean_but_unknown(account: PaperAccount) -> None:
    found = audited(account)

    assert not found.failed
    assert found.text(ASKED) == [
        "there is no stack exoscale-sks/dev in this backend, and the cloud holds nothing of that name "
        "(Exoscale asked on 2026-11-24 00:00 UTC in ch-gva-2, organisation acme; prices of 2025-08-22)"
    ]


def test_a_living_stack_leaves_nothing_and_is_shown_with_what_it_costs_in_all_by_who_made_it(
    account: PaperAccount, living: Living
) -> None:
    account.balancer(living.pool, name=K8S)

    found = audited(account, living.state)

    assert not found.failed
    lines = found.text(ASKED)
    assert (
        "exoscale-sks/dev (stack-id aaaaaaaaaaaa): 6 things that cost 88.84 CHF per month; by who made it: the stack "
        "63.50 CHF per month, the cluster's users 25.35 CHF per month"
    ) in lines
    assert lines[-1].startswith(
        "audit: stack exoscale-sks/dev (stack-id aaaaaaaaaaaa) costs 88.84 CHF per month in all; outside its state and "
        "its cluster: nothing (Exoscale asked"
    )


def test_what_is_left_comes_with_the_commands_that_remove_it_in_an_order_that_works(
    account: PaperAccount, living: Living
) -> None:
    found = audited(account, exported(stack_id()))

    assert found.failed
    lines = found.text(ASKED)
    first = lines.index("To remove what is left:")
    assert [line.split(" --zone")[0] for line in lines[first + 1 : first + 4]] == [
        f"  exo compute load-balancer delete {living.balancer}",
        f"  exo compute sks nodepool delete {living.cluster} {living.nodepool}",
        f"  exo compute sks delete {living.cluster}",
    ]
    assert lines[-1].startswith("receipt: 4 things that cost 63.50 CHF per month are left of stack exoscale-sks/dev")


def test_what_has_the_same_name_is_shown_apart_with_its_proof_and_is_in_the_receipt(account: PaperAccount) -> None:
    account.balancer(owner=NAMESAKE)

    found = audited(account, exported(stack_id()))

    text = "\n".join(found.text(ASKED))
    assert not found.failed
    assert f"Of the same name or id as {OURS}, and none of its own:" in text
    assert "but of the same name, under stack-id bbbbbbbbbbbb, there is 1 thing that costs 25.35 CHF" in text


def test_what_another_project_runs_under_that_name_is_said(account: PaperAccount) -> None:
    """As after a change of the name in Pulumi.yaml."""
    account.balancer(owner=ELSEWHERE)

    lines = audited(account).text(ASKED)

    assert f"  {ELSEWHERE}: 1 thing that costs 25.35 CHF per month" in lines


def test_what_is_nobodys_is_shown_with_commands_and_counts_for_no_stack(account: PaperAccount) -> None:
    balancer, volume = account.balancer(name=K8S), account.volume()

    found = audited(account)

    assert not found.failed
    text = "\n".join(found.text(ASKED))
    assert f"exo compute load-balancer delete {balancer} --zone ch-gva-2" in text
    assert f"exo compute block-storage delete {volume} --zone ch-gva-2" in text


def test_an_nlb_whose_recorded_pool_is_gone_is_the_stacks(account: PaperAccount) -> None:
    balancer = account.balancer("gone", name=K8S)

    assert [item.id for item in audited(account, exported(stack_id(), nodepool("n", "gone"))).status.left] == [balancer]
    assert [item.id for item in audited(account, exported(stack_id())).nobodys] == [balancer]


def test_two_states_with_one_id_fail_the_audit_and_are_named(account: PaperAccount, living: Living) -> None:
    found = audited(account, living.state, twins=["dev", "dev-copy"])

    assert found.failed
    assert {"  dev", "  dev-copy"} < {*found.text(ASKED)}
