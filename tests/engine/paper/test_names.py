"""A stack is handed over or renamed: what carries its name or its owner changes in place, and nothing else happens."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account, Held, names
from tests.engine.faults.subject import Subject
from tests.engine.operations import brought_up, kinds

pytestmark = pytest.mark.engine

TEXTS = ("name", "description", "labels")


@pytest.fixture
def make_subject(sandbox: Sandbox, make_stack: Callable[..., SandboxStack], tmp_path: Path) -> Callable[[str], Subject]:
    return lambda name: Subject(sandbox, make_stack, tmp_path, name, {})


@pytest.fixture
def subject(make_subject: Callable[[str], Subject], account: Account) -> Iterator[Subject]:
    """A stack that is up; whatever is left of it in the end is removed."""
    made = make_subject("blue")
    made.up()
    yield made
    account.remove(account.holds())
    made.stack.forget()


def without_texts(held: Held) -> Held:
    """All that there is, but for what a person reads."""
    return {
        kind: {
            id_: {key: value for key, value in item.items() if key not in (*TEXTS, "nodepools")}
            for id_, item in items.items()
        }
        for kind, items in held.items()
    }


def carrying(held: Held, word: str) -> set[str]:
    """Kinds of things whose name, description or labels hold a word."""
    return {
        kind
        for kind, items in held.items()
        for item in items.values()
        if word in json.dumps([item.get(key) for key in TEXTS])
    }


def renamed(subject: Subject, name: str, make: Callable[[str], Subject]) -> Subject:
    subject.stack.rename(name)
    return make(name)


def test_another_owner_is_written_down_in_place_and_replaces_nothing(subject: Subject, account: Account) -> None:
    before = without_texts(account.holds())
    subject.set(owner="bob")
    assert kinds(brought_up(subject.stack)) == {"update"}

    assert without_texts(account.holds()) == before
    assert carrying(account.holds(), "bob") == {"sks-cluster", "sks-nodepool", "load-balancer"}
    subject.destroy()
    assert names(account.holds()) == {}


def test_a_renamed_stack_replaces_nothing_and_is_destroyed_without_a_trace(
    subject: Subject, account: Account, make_subject: Callable[[str], Subject]
) -> None:
    before = without_texts(account.holds())
    other = renamed(subject, "green", make_subject)
    done = brought_up(other.stack)

    assert kinds(done) == {"update"}
    assert without_texts(account.holds()) == before
    # The groups' texts cannot change.
    assert carrying(account.holds(), "blue") == {"security-group", "anti-affinity-group"}
    other.destroy()
    assert names(account.holds()) == {}


@pytest.mark.slow
def test_the_name_that_a_renamed_stack_had_is_free_for_another_one(
    subject: Subject, account: Account, make_subject: Callable[[str], Subject]
) -> None:
    green = renamed(subject, "green", make_subject)
    green.up()
    before = account.holds()
    blue = make_subject("blue")
    blue.up()
    blue.destroy()

    assert account.holds() == before
    green.destroy()
    assert names(account.holds()) == {}


def test_all_that_a_renamed_stack_has_is_its_own_whatever_name_its_groups_still_have(
    subject: Subject, make_subject: Callable[[str], Subject]
) -> None:
    other = renamed(subject, "green", make_subject)
    other.up()
    answer = other.teardown("audit", "green", "--json")

    assert answer.returncode == 0, answer.stderr
    proofs = {one["kind"]: one["proof"] for one in json.loads(answer.stdout)["holdings"]}
    assert {"SKS cluster", "security group", "anti-affinity group"} <= proofs.keys()
    assert {kind: proof for kind, proof in proofs.items() if "blue" in proof} == {}


def test_a_renamed_stack_that_was_not_brought_up_since_is_not_destroyed(
    subject: Subject, account: Account, make_subject: Callable[[str], Subject]
) -> None:
    before = account.holds()
    other = renamed(subject, "green", make_subject)

    assert "if it is the same stack under a new name, `pulumi up` once" in other.refuses_to_go()
    assert account.holds() == before


def test_a_state_whose_provider_knows_the_cluster_by_the_stacks_name_stays_as_it_is(subject: Subject) -> None:
    """As earlier programs wrote it."""
    state = subject.state()
    (provider,) = (one for one in state["deployment"]["resources"] if one["type"] == "pulumi:providers:kubernetes")
    for values in (provider["inputs"], provider["outputs"]):
        values["clusterIdentifier"] = "exoscale-sks-blue-cluster ch-gva-2 starter calico"
    for key in ("ignoreChanges", "replacementTrigger"):
        provider.pop(key)
    subject.restore(state)

    assert brought_up(subject.stack) == {}


@pytest.mark.slow
@pytest.mark.parametrize("setting", [{"level": "pro"}, {"cni": "cilium"}, {"zone": "at-vie-1"}])
def test_another_cluster_gets_a_provider_and_a_release_of_its_own(subject: Subject, setting: dict[str, Any]) -> None:
    subject.set(**setting)
    done = brought_up(subject.stack)
    replaced = {urn.rpartition("::")[2] for urn, steps in done.items() if "replace" in steps}

    assert {"cluster-cluster", "cluster", "ingress-release"} <= replaced
