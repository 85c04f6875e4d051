"""What a stack writes on its things is read back as the same stack, and as no other."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components.teardown.cloud.stack_ref import StackRef
from tests.teardown.paper import BALANCER_NAME, BALANCER_SAYS, COPY, NAMESAKE, NEIGHBOUR, OURS, OWNER

# A few letters of each sort that Pulumi allows in a name, so that names are often alike.
NAMES = st.text("aB1-_.", min_size=1, max_size=5)
NOUNS = st.text("a1-_", min_size=1, max_size=4)
REFS = st.builds(StackRef, NAMES, NAMES, st.sampled_from(("", "0123456789ab")), st.sampled_from(("", "org-1")))
quick = settings(max_examples=40, derandomize=True, database=None, deadline=None)


@quick
@given(REFS, NAMES)
def test_labels_name_the_stack_that_wrote_them(ref: StackRef, owner: str) -> None:
    labels = ref.labels(owner)

    assert StackRef.from_labels({"labels": labels}) == ref
    assert labels["owner"] == owner


@quick
@given(REFS, NAMES, NOUNS, st.text(min_size=1, max_size=9), st.booleans())
def test_name_and_description_name_the_stack_that_wrote_them(
    ref: StackRef, owner: str, noun: str, what: str, lowered: bool
) -> None:
    """Exoscale lower-cases the names of security groups."""
    name = ref.name(noun).lower() if lowered else ref.name(noun)

    assert StackRef.from_description({"name": name, "description": ref.describe(what, owner)}) == ref


@quick
@given(NAMES, NAMES, NOUNS, NOUNS)
def test_two_stacks_of_a_project_never_give_one_name(one: str, other: str, first: str, second: str) -> None:
    assume(one != other)

    assert StackRef("p", one).name(first) != StackRef("p", other).name(second)


@quick
@given(NAMES, NAMES, NOUNS)
def test_a_description_names_nobody_beside_the_name_of_another_stack(one: str, other: str, noun: str) -> None:
    assume(one.lower() != other.lower())
    document = {"name": StackRef("p", one).name(noun), "description": StackRef("p", other).describe("Nodes", OWNER)}

    assert StackRef.from_description(document) is None


@pytest.mark.parametrize(
    ("document", "ref"),
    [
        ({}, None),
        ({"labels": None}, None),
        ({"labels": {"team": "blue"}}, None),
        ({"labels": {"project": "exoscale-sks"}}, None),
        ({"labels": {"project": "exoscale-sks", "stack": "dev"}}, StackRef("exoscale-sks", "dev")),
        ({"labels": {"stack-id": OURS.id}}, StackRef("", "", OURS.id)),
    ],
)
def test_labels_that_name_no_whole_stack_are_still_somebodys_when_they_hold_an_id(
    document: dict[str, Any], ref: StackRef | None
) -> None:
    assert StackRef.from_labels(document) == ref


@pytest.mark.parametrize(
    ("name", "description"),
    [
        (BALANCER_NAME, ""),
        (BALANCER_NAME, f"{BALANCER_SAYS}, and of others"),
        (BALANCER_NAME, f"Not the l{BALANCER_SAYS[1:]}\n"),
        ("exoscale-sks-dev-2-ingress", BALANCER_SAYS),
        (f"my-{BALANCER_NAME}", BALANCER_SAYS),
        ("exoscale-sks-dev", BALANCER_SAYS),
        ("exoscale-sks-dev-", BALANCER_SAYS),
    ],
)
def test_a_name_or_a_description_that_is_not_exactly_the_programs_names_nobody(name: str, description: str) -> None:
    assert StackRef.from_description({"name": name, "description": description}) is None


def test_stacks_are_the_same_when_project_stack_and_id_are_wherever_they_live() -> None:
    assert StackRef(OURS.project, OURS.stack, OURS.id, "org-1") == OURS
    assert len({OURS, NAMESAKE, NEIGHBOUR, COPY}) == 4


def test_a_program_of_before_there_were_ids_is_read_too() -> None:
    ref = StackRef("exoscale-sks", "dev")

    assert ref.describe("Nodes", OWNER) == "Nodes of Pulumi stack exoscale-sks/dev, owner alice"
    assert str(ref) == "exoscale-sks/dev"
    assert str(OURS) == "exoscale-sks/dev (stack-id aaaaaaaaaaaa)"
