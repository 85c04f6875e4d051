"""The stack's first resource: whose organisation it is in, and what it refuses or says of an edit beforehand."""

from dataclasses import replace
from typing import Any

import pytest

from components.teardown.dns_records import Wanted
from tests.provider.conftest import (
    ADDED,
    CHOSEN,
    INPUTS,
    SUBJECT,
    WHO,
    Calls,
    Engine,
    Steps,
    Subject,
    refusal,
    state,
)


def test_the_stack_id_is_made_for_the_organisation_that_the_user_pinned(calls: Calls) -> None:
    id_, _ = calls.create("StackId", {**INPUTS["StackId"], "organization": "acme"})

    assert id_ == "5fac1d000001"
    assert calls.named("create_stack_id") == [[Subject(**WHO), "acme"]]


def parking(zone: str = "ch-gva-2", level: str = "starter", **sizes: Any) -> dict[str, Any]:
    """The stack's first resource for pools of these sizes."""
    settings = replace(CHOSEN, level=level, nodepools=sizes).inputs()
    return {**INPUTS["StackId"], "zone": zone, "settings": settings}


@pytest.mark.parametrize("preview", [True, False])
def test_a_new_nodepool_without_a_node_is_refused_before_anything_is_made(
    calls: Calls, steps: Steps, preview: bool
) -> None:
    line = refusal(lambda: calls.create("StackId", parking(web=2, night=0), preview))

    assert line.startswith("nodepools.night.size is 0, and Exoscale makes no nodepool without a node. Next: `pulumi ")
    assert steps.calls == []


VERSIONED = {**INPUTS["StackId"], "settings": replace(CHOSEN, version="1.99.0").inputs()}


@pytest.mark.parametrize("preview", [True, False])
def test_so_is_a_new_cluster_of_a_version_that_is_not_on_offer(calls: Calls, steps: Steps, preview: bool) -> None:
    steps.answers("unknown_version", "version is 1.99.0, which Exoscale does not offer")

    line = refusal(lambda: calls.create("StackId", VERSIONED, preview))

    assert line == "version is 1.99.0, which Exoscale does not offer"
    assert steps.calls == [("unknown_version", Subject(**WHO), "1.99.0")]


NAMED = {**INPUTS["StackId"], "settings": replace(CHOSEN, domain="example.org").inputs()}
RECORDS = Wanted("example.org", ("shop-dev", "*.shop-dev"))


@pytest.mark.parametrize("preview", [True, False])
def test_so_is_a_domain_in_which_the_stack_cannot_have_its_name(calls: Calls, steps: Steps, preview: bool) -> None:
    steps.answers("refused_records", "dns.domain is example.org, which organisation acme does not hold")

    line = refusal(lambda: calls.create("StackId", NAMED, preview))

    assert line == "dns.domain is example.org, which organisation acme does not hold"
    assert steps.calls == [("refused_records", Subject(**WHO), RECORDS)]


def test_a_living_stack_is_refused_a_new_domain_only_and_not_the_one_that_its_name_is_in(
    calls: Calls, steps: Steps
) -> None:
    calls.diff("StackId", state("StackId", settings=NAMED["settings"]), NAMED)
    assert calls.named("refused_records") == []

    calls.diff("StackId", state("StackId"), NAMED)
    assert calls.named("refused_records") == [[Subject(**WHO), RECORDS]]


def test_the_last_step_names_the_records_that_no_state_holds_before_its_receipt(
    calls: Calls, steps: Steps, engine: Engine
) -> None:
    steps.answers("left_records", ["record shop-dev.example.org of 198.51.100.7 stays"])
    calls.delete("StackId", state("StackId", settings=NAMED["settings"]))

    assert engine.kept == [
        "record shop-dev.example.org of 198.51.100.7 stays",
        "receipt: nothing that costs money is left",
    ]
    calls.delete("StackId")
    assert len(calls.named("left_records")) == 1


def test_of_a_living_stack_the_running_version_is_compared_instead(calls: Calls) -> None:
    calls.diff("StackId", state("StackId"), VERSIONED)

    assert calls.named("unknown_version") == []
    assert calls.named("foresee") == [[SUBJECT, None, replace(CHOSEN, version="1.99.0"), CHOSEN]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (parking(web=2), parking(web=2, night=0)),
        (parking(night=0), parking("at-vie-1", night=0)),
        (parking(night=2), parking(level="pro", night=0)),
    ],
    ids=["added", "in another zone", "in another cluster"],
)
def test_so_is_one_that_comes_to_a_living_stack_or_with_another_cluster(
    calls: Calls, before: dict[str, Any], after: dict[str, Any]
) -> None:
    line = refusal(lambda: calls.diff("StackId", state("StackId", **before), after))

    assert line.startswith("nodepools.night.size is 0, and Exoscale makes no nodepool without a node.")


def test_a_nodepool_that_is_there_may_be_parked_and_one_of_others_choice_is_not(calls: Calls) -> None:
    recorded = state("StackId", **parking(night=2))
    of_an_earlier_release = {key: value for key, value in recorded.items() if key != "settings"}

    for old in (recorded, of_an_earlier_release):
        assert "settings" in calls.diff("StackId", old, parking(night=0)).diffs
    assert "settings" in calls.diff("StackId", recorded, parking(night=2, web=None)).diffs


def test_a_key_of_another_organisation_ends_preview_and_refresh_in_one_line(calls: Calls, steps: Steps) -> None:
    line = steps.refuses("check_organization")

    assert refusal(lambda: calls.diff("StackId", state("StackId"), INPUTS["StackId"])) == line
    assert refusal(lambda: calls.read("StackId")) == line
    assert calls.named("check_organization") == [[SUBJECT], [SUBJECT]]


@pytest.mark.parametrize("pinned", ["acme", "org-1", ""])
def test_a_pin_that_fits_the_recorded_organisation_is_an_update(calls: Calls, pinned: str) -> None:
    answer = calls.diff("StackId", state("StackId", organization="x"), {**INPUTS["StackId"], "organization": pinned})

    assert (list(answer.diffs), list(answer.replaces)) == (["organization"], [])


def test_a_pin_of_another_organisation_than_the_recorded_one_is_refused(calls: Calls) -> None:
    line = refusal(lambda: calls.diff("StackId", state("StackId"), {**INPUTS["StackId"], "organization": "other"}))

    assert line.startswith("the setting organization is other, and the stack lives in acme (org-1). Next: ")


PRO = {**INPUTS["StackId"], "settings": replace(CHOSEN, level="pro").inputs()}


def test_the_settings_of_today_and_of_the_last_up_reach_whoever_compares_them(calls: Calls) -> None:
    calls.diff("StackId", state("StackId"), {**PRO, "zone": "at-vie-1"})

    assert calls.named("foresee") == [[SUBJECT, None, replace(CHOSEN, zone="at-vie-1", level="pro"), CHOSEN]]


def test_a_change_that_must_not_be_done_is_refused_in_its_one_line(calls: Calls, steps: Steps) -> None:
    line = steps.refuses("foresee")

    assert refusal(lambda: calls.diff("StackId", state("StackId"), PRO)) == line


def test_what_a_change_takes_away_is_a_warning_of_a_preview_and_of_an_up(
    calls: Calls, steps: Steps, engine: Engine
) -> None:
    steps.answers("foresee", ["one line", "another"])
    answer = calls.diff("StackId", state("StackId"), PRO)

    assert engine.warnings == ["one line", "another"]
    assert (list(answer.diffs), list(answer.replaces)) == (["settings"], [])


def test_a_state_of_before_the_settings_were_recorded_gets_them_in_place(calls: Calls) -> None:
    before = {key: value for key, value in state("StackId").items() if key != "settings"}
    answer = calls.diff("StackId", before, INPUTS["StackId"])

    assert (list(answer.diffs), list(answer.replaces)) == (["settings"], [])
    assert set(ADDED["StackId"]) <= set(answer.stables)
    assert calls.named("foresee") == [[SUBJECT, None, CHOSEN, None]]


def test_a_program_that_says_nothing_of_its_settings_is_not_checked(calls: Calls) -> None:
    calls.diff("StackId", state("StackId"), {**WHO, "organization": ""})

    assert calls.named("foresee") == []
