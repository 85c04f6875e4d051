"""`./exoscale-sks rescue`: it always asks, and a cluster that Exoscale knows is given up by its name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from components.cli import main
from components.teardown import rescue as module
from components.teardown.cloud.account import AnotherOrganization
from tests.teardown.paper import ZONE, PaperAccount
from tests.teardown.wreck import IN_THE_CLUSTER, Wreck, silence

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "prove_gone", silence)


@pytest.fixture
def wreck(account: PaperAccount) -> Wreck:
    return Wreck(account)


@pytest.fixture
def command(wreck: Wreck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`./exoscale-sks rescue …` in a project's folder."""
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "Pulumi", lambda folder: wreck.backend)
    monkeypatch.setattr(module, "accounts", lambda *_: {ZONE: wreck.account})
    return lambda *arguments, answer="": CliRunner().invoke(main, ["rescue", *arguments], input=answer)


def test_the_command_asks_before_it_rescues_and_says_whom_it_asked(wreck: Wreck, command: Command) -> None:
    wreck.delete_in_the_console()

    done = command("dev", answer="y\n")

    assert done.exit_code == 0, done.output
    assert "Go on? [y/N]" in done.output
    assert done.output.splitlines()[-1].startswith("asked: Exoscale asked on")
    assert not IN_THE_CLUSTER & wreck.urns()


def test_yes_is_enough_only_where_exoscale_does_not_know_the_cluster(wreck: Wreck, command: Command) -> None:
    silent = command("organization/exoscale-sks/dev", "--yes", answer="\n")
    assert "Exoscale still knows cluster shop. Type its name to give it up" in silent.output
    assert wreck.urns() >= IN_THE_CLUSTER

    wreck.delete_in_the_console()
    assert command("dev", "--yes").exit_code == 0
    assert not IN_THE_CLUSTER & wreck.urns()


@pytest.mark.parametrize(
    ("arguments", "answer", "rescued"),
    [
        ((), "shop\ny\n", True),
        ((), "sho\ny\n", False),
        (("--yes",), "shop\n", True),
        (("--yes", "--confirm", "shop"), "", True),
        (("--yes", "--confirm", "another"), "\n", False),
        (("--confirm", "shop"), "n\n", False),
    ],
)
def test_a_silent_cluster_that_exoscale_knows_is_given_up_by_its_exact_name(
    wreck: Wreck, command: Command, arguments: tuple[str, ...], answer: str, rescued: bool
) -> None:
    command("dev", *arguments, answer=answer)

    assert (not IN_THE_CLUSTER & wreck.urns()) is rescued


def test_the_command_refuses_in_one_line_and_changes_nothing(
    wreck: Wreck, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = wreck.backend.export("dev")
    assert "there is no stack nobody in this backend" in command("nobody", "--yes").output

    wreck.backend.working = "jane@tower (pid 4711)"
    assert "locked by jane@tower (pid 4711)" in command("dev", "--yes").output
    wreck.backend.working = ""

    def another(*_: object) -> None:
        raise AnotherOrganization("stack dev lives in organisation acme")

    monkeypatch.setattr(module, "accounts", another)
    done = command("dev", "--yes")
    assert (done.exit_code, done.output) == (1, "error: stack dev lives in organisation acme\n")
    assert wreck.state == before
