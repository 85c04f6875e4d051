"""What a stack does to the text of a kubeconfig: its own entries, and not a letter of others'."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.kubeconfig_entries import KubeconfigRefused, entry_name, merged, named, without
from components.teardown.cloud.stack_ref import StackRef
from tests.unit.conftest import KUBECONFIG

STACK = StackRef("shop", "dev")
OTHER = StackRef("shop", "prod")
SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}

words = st.text("abc-@:/.0123456789 TZé'\"\n", max_size=24)
scalars = st.one_of(words, st.booleans(), st.integers(), st.none())
contents = st.dictionaries(words, st.one_of(scalars, st.lists(words, max_size=2)), max_size=3)


def entries(kind: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    entry = st.fixed_dictionaries({"name": words, kind: contents})
    return st.lists(entry, max_size=3, unique_by=lambda one: one["name"])


kubeconfigs = st.fixed_dictionaries(
    {section: entries(kind) for section, kind in SECTIONS.items()},
    optional={
        "apiVersion": st.just("v1"),
        "kind": st.just("Config"),
        "current-context": words,
        "preferences": contents,
        "extensions": st.lists(st.fixed_dictionaries({"name": words, "extension": contents}), max_size=2),
    },
)


def others(text: str, stack: StackRef = STACK) -> dict[str, Any]:
    document = yaml.safe_load(text)
    return {
        section: [one for one in document.get(section) or [] if one["name"] != entry_name(stack)]
        for section in SECTIONS
    }


@settings(deadline=None)
@given(kubeconfigs)
def test_whatever_others_have_in_the_file_is_there_afterwards(theirs: dict[str, Any]) -> None:
    text = merged(yaml.safe_dump(theirs), KUBECONFIG, STACK)
    after = yaml.safe_load(text)

    assert others(text) == {section: theirs[section] for section in SECTIONS}
    assert {key: after[key] for key in theirs.keys() - SECTIONS.keys() - {"current-context"}} == {
        key: theirs[key] for key in theirs.keys() - SECTIONS.keys() - {"current-context"}
    }
    theirs_current = theirs.get("current-context")
    if theirs_current in [one["name"] for one in theirs["contexts"]]:
        assert after["current-context"] == theirs_current
    else:
        assert after["current-context"] == "shop-dev"


@settings(deadline=None)
@given(kubeconfigs)
def test_writing_twice_is_writing_once(theirs: dict[str, Any]) -> None:
    once = merged(yaml.safe_dump(theirs), KUBECONFIG, STACK)

    assert merged(once, KUBECONFIG, STACK) == once


@settings(deadline=None)
@given(kubeconfigs)
def test_taking_a_stack_out_again_leaves_what_others_had(theirs: dict[str, Any]) -> None:
    left = without(merged(yaml.safe_dump(theirs), KUBECONFIG, STACK), STACK)

    if any(theirs[section] for section in SECTIONS):
        assert others(left) == {section: theirs[section] for section in SECTIONS}
    else:
        assert left == ""


def test_two_stacks_are_both_in_it_each_with_its_own_credential() -> None:
    second = KUBECONFIG.replace("cluster.sks", "another.sks").replace("Q0VSVA==", "T1RIRVI=")
    document = yaml.safe_load(merged(merged("", KUBECONFIG, STACK), second, OTHER))

    users = {one["name"]: one["user"]["client-certificate-data"] for one in document["users"]}
    servers = {one["name"]: one["cluster"]["server"] for one in document["clusters"]}
    assert users == {"shop-dev": "Q0VSVA==", "shop-prod": "T1RIRVI="}
    assert servers == {
        "shop-dev": "https://cluster.sks-ch-gva-2.exo.io:443",
        "shop-prod": "https://another.sks-ch-gva-2.exo.io:443",
    }
    assert document["current-context"] == "shop-dev"


def test_another_cluster_of_the_same_stack_takes_the_place_of_the_first() -> None:
    second = KUBECONFIG.replace("cluster.sks", "another.sks")

    assert merged(merged("", KUBECONFIG, STACK), second, STACK) == named(second, STACK)


def test_what_an_earlier_release_wrote_is_replaced_and_not_kept_beside() -> None:
    renewed = KUBECONFIG.replace("Q0VSVA==", "TkVX")

    assert merged(KUBECONFIG, renewed, STACK) == named(renewed, STACK)


def test_the_same_names_for_another_cluster_are_somebodys_and_stay() -> None:
    foreign = KUBECONFIG.replace("cluster.sks", "foreign.sks")

    document = yaml.safe_load(merged(foreign, KUBECONFIG, STACK))
    assert [one["name"] for one in document["users"]] == ["kubernetes-admin", "shop-dev"]
    assert document["current-context"] == "kubernetes-admin@c"


@pytest.mark.parametrize(("section", "kind"), SECTIONS.items())
@pytest.mark.parametrize("content", [{}, {"server": "s"}, None, {"extensions": [{"name": "exoscale-sks"}, 1]}])
def test_an_entry_of_our_name_without_our_mark_is_somebody_elses(section: str, kind: str, content: Any) -> None:
    text = yaml.safe_dump({section: [{"name": "shop-dev", kind: content}]})

    for write in (lambda: merged(text, KUBECONFIG, STACK), lambda: without(text, STACK)):
        with pytest.raises(KubeconfigRefused, match=f"has a {kind} shop-dev of "):
            write()


def test_stacks_whose_names_run_into_each_other_do_not_take_each_others_entries() -> None:
    text = merged("", KUBECONFIG, StackRef("shop-a", "b"))

    with pytest.raises(KubeconfigRefused, match="has a cluster shop-a-b of stack shop-a/b"):
        merged(text, KUBECONFIG, StackRef("shop", "a-b"))


def test_a_time_that_is_not_quoted_stays_the_text_that_it_is() -> None:
    theirs = "users: [{name: me, user: {auth-provider: {config: {expiry: 2026-01-02T03:04:05Z}}}}]"

    assert "2026-01-02T03:04:05Z" in merged(theirs, KUBECONFIG, STACK)


def test_one_of_a_renewed_certificate_leads_to_a_renewed_file() -> None:
    renewed = KUBECONFIG.replace("Q0VSVA==", "TkVX")

    assert merged(merged("", KUBECONFIG, STACK), renewed, STACK) == named(renewed, STACK)
