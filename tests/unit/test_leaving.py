"""A stack that lived on Exoscale is asked about it before the first resource on another platform."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.teardown import steps
from components.teardown.changes import Chosen
from components.teardown.errors import TeardownError
from components.teardown.subject import Subject
from tests.unit.conftest import Run, World, configure, execute, main

LOCAL = {"platform": "k3d", "level": "pro", "protect": True}
RECORDED = Chosen("ch-gva-2", "starter", "calico", protect=False)
STATE = {
    "project": "exoscale-sks",
    "stack": "dev",
    "owner": "jane",
    "zone": "ch-gva-2",
    "stackId": "5fac1d000001",
    "organizationId": "org-1",
    "organizationName": "acme",
    "settings": RECORDED.inputs(),
}
SUBJECT = Subject("exoscale-sks", "dev", "jane", "ch-gva-2", "5fac1d000001", "org-1", "acme")
Foresee = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> str:
    """What stands for the account, for whoever has a good key."""
    monkeypatch.setattr(Subject, "accounts", lambda subject: {subject.zone: "the account"})
    return "the account"


@pytest.fixture
def leave(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., World]:
    """Runs the program on k3d, on the state of a stack on Exoscale, about which this answers."""

    def leave(foresee: Foresee, preview: bool = False, **state: Any) -> World:
        monkeypatch.setattr(steps, "check_organization", lambda subject: None)
        monkeypatch.setattr(steps, "foresee", foresee)
        world = World(preview, recorded={"a:Stack": {}, "a:b:C$exoscale-teardown:index:StackId": {**STATE, **state}})
        settings = {**LOCAL, "kubeconfig": {"file": str(tmp_path / "dev.yaml")}}
        return execute(main, configure(settings, world=world))

    return leave


def test_what_goes_is_said_and_the_settings_of_today_and_of_the_last_up_are_compared(
    leave: Callable[..., World],
) -> None:
    asked: list[Any] = []
    world = leave(lambda *arguments: asked.append(arguments) or ["one", "another"])

    assert world.warnings == ["one", "another"]
    [(subject, account, chosen, recorded)] = asked
    assert (subject, account, recorded) == (SUBJECT, "the account", RECORDED)
    assert (chosen.platform, chosen.level, chosen.protect) == ("k3d", "pro", True)
    assert (chosen.nodepools, chosen.placements, chosen.version) == ({}, {}, "")


def test_what_must_not_go_is_refused_before_anything_is_registered(
    leave: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> list[str]:
        raise TeardownError("refused. Next: do this")

    monkeypatch.setattr(World, "new_resource", lambda *_: pytest.fail("something is registered"))
    with pytest.raises(pulumi.RunError, match=r"^refused\. Next: do this$"):
        leave(refuse)


def test_an_up_needs_a_good_key_and_a_preview_does_not(
    leave: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_key(subject: Subject) -> None:
        raise TeardownError("no key. Next: set one")

    monkeypatch.setattr(Subject, "accounts", no_key)

    assert leave(lambda *arguments: ["one"], preview=True).warnings == ["one"]
    with pytest.raises(pulumi.RunError, match=r"^no key\. Next: set one$"):
        leave(lambda *arguments: ["one"])


def test_the_state_of_a_release_that_recorded_no_settings_is_compared_all_the_same(
    leave: Callable[..., World],
) -> None:
    asked: list[Any] = []

    leave(lambda *arguments: asked.append(arguments) or [], settings=None, organizationId=None)

    assert asked[0][0] == replace(SUBJECT, organization="")
    assert asked[0][3] is None


def test_a_stack_that_was_never_on_exoscale_asks_nobody(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "check_organization", lambda subject: pytest.fail("asked"))

    assert run({"platform": "k3d"}).warnings == []
