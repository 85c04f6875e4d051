"""`./exoscale-sks audit`: what it asks, what it refuses, and how it ends."""

import json
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from components.cli import main
from components.teardown import audit
from components.teardown.cloud.account import AnotherOrganization, Document
from tests.teardown.deployment import FakeBackend, exported, stack_id
from tests.teardown.living import Living
from tests.teardown.paper import (
    GLOBEX,
    NAMESAKE,
    NEIGHBOUR,
    OTHER_ZONE,
    OURS,
    ZONE,
    PaperAccount,
)

Command = Callable[..., Result]


@pytest.fixture
def living(account: PaperAccount) -> Living:
    return Living(account)


@pytest.fixture
def command(account: PaperAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`./exoscale-sks audit …` in a project's folder; `state` is what the backend knows of `dev`."""
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\n")
    monkeypatch.chdir(tmp_path)
    zones = {ZONE: account, OTHER_ZONE: PaperAccount(OTHER_ZONE)}

    def asked(stack: str | None, chosen: Collection[str], home: object = None) -> dict[str, PaperAccount]:
        if home == GLOBEX:
            raise AnotherOrganization("stack dev lives in organisation globex")
        return {zone: zones[zone] for zone in chosen or zones}

    def run(*arguments: str, answer: str = "", working: str = "", **states: Document) -> Result:
        backend = FakeBackend(**{name.replace("_", "-"): state for name, state in states.items()})
        backend.working = working
        monkeypatch.setattr(audit, "Pulumi", lambda folder: backend)
        return CliRunner().invoke(main, ["audit", *arguments], input=answer)

    monkeypatch.setattr(audit, "accounts", asked)
    return run


def test_the_command_ends_with_whom_it_asked_and_its_exit_status_tells(
    account: PaperAccount, command: Command, living: Living
) -> None:
    done = command("dev", dev=living.state)
    assert (done.exit_code, "Exoscale asked on" in done.output.splitlines()[-1]) == (0, True)

    account.balancer(owner=OURS)
    done = command("organization/exoscale-sks/dev", dev=living.state)
    assert done.exit_code == 1
    assert "outside its state and its cluster: 1 thing that costs 25.35" in done.output.splitlines()[-1]


def test_the_command_looks_into_every_zone_unless_it_is_told_which(account: PaperAccount, command: Command) -> None:
    account.balancer(owner=OURS)

    assert command("dev").exit_code == 1
    assert command("dev", "--zone", OTHER_ZONE).exit_code == 0


def test_the_command_fixes_after_a_yes_and_audits_again(account: PaperAccount, command: Command) -> None:
    account.balancer(owner=OURS)

    done = command("dev", "--fix", "--stack-id", OURS.id, answer="y\n")

    assert done.exit_code == 0, done.output
    assert "Delete 1 thing that costs 25.35 CHF per month?" in done.output
    assert account.ids() == set()


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("dev", "--stack-id", NAMESAKE.id), "says that its stack-id is aaaaaaaaaaaa, not bbbbbbbbbbbb"),
        (("--fix", "--yes"), "say which stack is meant"),
        (("acme/blog/dev",), "is a stack of project blog"),
    ],
)
def test_the_command_refuses_in_one_line(command: Command, arguments: tuple[str, ...], refusal: str) -> None:
    done = command(*arguments, dev=exported(stack_id()))

    assert done.exit_code == 1
    assert refusal in done.output
    assert done.output.count("\n") == 1


def test_the_command_fixes_nothing_of_a_stack_that_is_locked_or_of_another_organisation(
    account: PaperAccount, command: Command
) -> None:
    account.balancer(owner=OURS)
    theirs = stack_id()
    theirs["outputs"]["organizationId"], theirs["outputs"]["organizationName"] = GLOBEX.id, GLOBEX.name

    locked = command("dev", "--fix", "--yes", working="jane@tower (pid 4711)", dev=exported(stack_id()))
    another = command("dev", "--fix", "--yes", dev=exported(theirs))

    assert "locked by jane@tower" in locked.output
    assert "lives in organisation globex" in another.output
    assert (locked.exit_code, another.exit_code, account.changes) == (1, 1, [])


def test_the_command_finds_the_copy_of_a_state(command: Command, living: Living) -> None:
    done = command("dev", dev=living.state, dev_copy=living.state, dev_2=exported(stack_id(NEIGHBOUR)))

    assert done.exit_code == 1
    assert "  dev\n  dev-copy\n" in done.output
    assert "  dev-2\n" not in done.output


def test_the_command_prints_json_for_programs(account: PaperAccount, command: Command) -> None:
    balancer = account.balancer(owner=OURS)

    done = command("dev", "--json")

    found = json.loads(done.stdout)
    assert (done.exit_code, found["left"], found["asked"], found["organization"]) == (1, 1, "Exoscale", "acme (org-1)")
    assert found["holdings"][0]["id"] == balancer
    assert found["holdings"][0]["remove"] == f"exo compute load-balancer delete {balancer} --zone ch-gva-2"
    assert found["by-maker"]["left"] == "25.35 CHF per month"


def test_without_a_stack_the_command_shows_the_project(account: PaperAccount, command: Command, living: Living) -> None:
    account.balancer(owner=NEIGHBOUR)

    done = command(dev=living.state)

    assert done.exit_code == 1
    assert "dev-2 (stack-id cccccccccccc): 1 thing that costs 25.35 CHF per month; no such stack" in done.output
