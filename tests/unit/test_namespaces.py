"""Keys that nothing reads, and names that do not fit all that is named after the stack, are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configuration.namespaces import OTHERS, unread
from configuration.settings import load
from tests.unit.conftest import NAME, configure, problems

NAMESPACES = st.text("abcdefghijklmnopqrstuvwxyzAZ09._-", min_size=1)


def test_a_renamed_project_is_told_each_key_that_its_stack_file_still_has_under_the_old_name() -> None:
    assert problems({f"{NAME}:zone": "at-vie-1", f"{NAME}:protect": "true"}, project="shop") == [
        f"{NAME}:{key} is read by nobody, for the project is shop (`name` in Pulumi.yaml). "
        f"Next: rename it to shop:{key}, or remove it"
        for key in ("protect", "zone")
    ]


def test_a_renamed_project_whose_keys_were_renamed_too_is_taken() -> None:
    configure({"zone": "at-vie-1"}, project="shop")

    assert load().cluster.zone == "at-vie-1"


def test_the_engines_and_the_plugins_own_keys_are_taken() -> None:
    configure({f"{namespace}:anything": "x" for namespace in OTHERS})

    assert load().cluster.zone == "ch-gva-2"


@given(st.dictionaries(NAMESPACES, st.text("abcz-", min_size=1)), NAMESPACES)
def test_every_key_is_either_read_or_told_in_one_line_without_its_value(names: dict[str, str], project: str) -> None:
    keys = [f"{namespace}:{name}" for namespace, name in names.items()]
    told = [line.partition(" ")[0] for line in unread(keys, project)]

    assert sorted(told) == sorted(key for key in keys if key.split(":")[0] not in (project, *OTHERS))


@pytest.mark.parametrize("name", ["Shop", "-shop", "shop-", "shop_", "s" * 64])
def test_a_project_whose_name_the_cloud_refuses_for_some_resources_is_refused_before_all_of_them(name: str) -> None:
    assert problems({}, project=name) == [
        f'the project\'s name is "{name}"; '
        "allowed: at most 63 letters, digits or . _ -, with a letter or digit at both ends, in lower case"
    ]


def test_names_that_make_a_description_longer_than_the_cloud_takes_are_refused_with_what_is_too_much() -> None:
    (line,) = problems({"owner": "o" * 63, "nodepools": {"n" * 30: {}}}, "s" * 63, "p" * 63)

    assert line.startswith(
        f"the stack's name makes the description \"Nodepool {'n' * 30} of Pulumi stack {'p' * 63}/{'s' * 63} ("
    )
    assert line.endswith("; allowed: 255 characters, so shorten project, stack, owner or nodepool by 14 together")
