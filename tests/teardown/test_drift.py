"""Asking for drift: only with a key of the stack's own organisation, for through another one nothing would be found."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from components.cli import main
from components.teardown import drift
from components.teardown.cloud.account import Organization, refuse_another
from tests.teardown.deployment import FakeBackend, cluster, exported, mark, stack_id
from tests.teardown.paper import GLOBEX, ZONE, PaperAccount


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have been run; it ends with status 7."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        commands.append(command)
        return SimpleNamespace(returncode=7)

    monkeypatch.setattr(drift, "subprocess", SimpleNamespace(run=run, CompletedProcess=subprocess.CompletedProcess))
    return commands


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ran: list[list[str]]) -> Callable[..., Result]:
    """`./exoscale-sks drift …` in a project's folder, with a key of an organisation."""
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\n")
    monkeypatch.chdir(tmp_path)
    states = {"dev": exported(stack_id(), cluster("c")), "old": exported(mark(), cluster("c"))}
    monkeypatch.setattr(drift, "Pulumi", lambda folder: FakeBackend(**states))

    def run(stack: str, account: PaperAccount | None = None) -> Result:
        found = account or PaperAccount()

        def accounts(name: str, zones: set[str], home: Organization) -> dict[str, PaperAccount]:
            if home.id:
                refuse_another(found, home, name)
            return {ZONE: found}

        monkeypatch.setattr(drift, "accounts", accounts)
        return CliRunner().invoke(main, ["drift", stack])

    return run


def test_pulumi_is_asked_and_its_status_is_the_commands(command: Callable[..., Result], ran: list[list[str]]) -> None:
    done = command("acme/exoscale-sks/dev")

    assert done.exit_code == 7
    assert ran == [
        ["pulumi", "preview", "--refresh", "--expect-no-changes", "--diff", "--stack", "acme/exoscale-sks/dev"]
    ]
    assert "asking Exoscale, organisation acme (org-1): pulumi preview" in done.output


@pytest.mark.parametrize(
    ("stack", "account", "refusal"),
    [
        ("dev", PaperAccount(organization=GLOBEX), "dev lives in organisation acme (org-1)"),
        ("old", PaperAccount(), "the state of old does not say which organisation it lives in"),
        ("nobody", PaperAccount(), "there is no stack nobody in this backend"),
    ],
)
def test_where_the_key_is_not_provably_the_stacks_nothing_is_refreshed(
    command: Callable[..., Result], ran: list[list[str]], stack: str, account: PaperAccount, refusal: str
) -> None:
    done = command(stack, account)

    assert done.exit_code == 1
    assert refusal in done.output
    assert ran == []
