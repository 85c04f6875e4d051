"""`./exoscale-sks cycle`: it says which machines are old, and asks before it touches one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from components.cli import main
from components.teardown import cycle as module
from components.teardown.cycle import sizes
from components.teardown.state.recorded import STACK_ID
from tests.teardown.cycled import Fleet, fleet
from tests.teardown.deployment import FakeBackend, cluster, exported, nodepool, stack_id, step
from tests.teardown.paper import ZONE

Command = Callable[..., Result]


@pytest.fixture
def web() -> Iterator[Fleet]:
    with fleet() as made:
        yield made


@pytest.fixture
def backend(web: Fleet) -> FakeBackend:
    return FakeBackend(dev=exported(stack_id(), cluster(web.cluster), nodepool(web.nodepool, web.pool, web.cluster)))


@pytest.fixture
def command(web: Fleet, backend: FakeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`./exoscale-sks cycle …` in a project's folder, of a stack whose pool was given another type."""
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("components.teardown.cloud.account._FIRST_POLL_SECONDS", 0.001)
    monkeypatch.setattr(module, "Pulumi", lambda folder: backend)
    monkeypatch.setattr(module, "accounts", lambda *_: {ZONE: web.account})
    monkeypatch.setattr(module, "reach", lambda *_: web.server)
    web.change()
    return lambda *arguments, answer="": CliRunner().invoke(main, ["cycle", *arguments], input=answer)


@pytest.mark.parametrize(("arguments", "answer"), [(["--dry-run"], ""), ([], "n\n")])
def test_it_names_what_is_old_and_why_and_changes_nothing_unless_it_is_told_to(
    web: Fleet, command: Command, arguments: list[str], answer: str
) -> None:
    done = command("dev", *arguments, answer=answer)

    assert done.exit_code == 0, done.output
    for machine in web.machines:
        assert f"{machine['name']}: its nodepool makes machines with standard.medium\n" in done.output
    assert web.kinds == ["small", "small"]
    assert "nothing was changed" in done.output


@pytest.mark.parametrize(("arguments", "answer"), [(["--yes"], ""), ([], "y\n")])
def test_it_replaces_them_when_it_is_told_to_and_says_whom_it_asked(
    web: Fleet, command: Command, arguments: list[str], answer: str
) -> None:
    done = command("organization/exoscale-sks/dev", *arguments, answer=answer)

    assert done.exit_code == 0, done.output
    assert web.kinds == ["medium", "medium"]
    assert done.output.splitlines()[-1].startswith("asked: ")


def test_it_keeps_off_a_stack_that_somebody_works_on(web: Fleet, command: Command, backend: FakeBackend) -> None:
    backend.working = "joe@desk (pid 7)"
    done = command("dev", "--yes")

    assert done.exit_code == 1
    assert "error: stack dev is locked by joe@desk (pid 7). Next: " in done.output
    assert web.kinds == ["small", "small"]


def test_a_stack_that_is_not_there_is_one_line(command: Command) -> None:
    done = command("nobody", "--yes")

    assert done.output == "error: there is no stack nobody in this backend. Next: `pulumi stack ls`\n"


def test_sizes_are_those_that_the_settings_decide() -> None:
    settings: dict[str, Any] = {"nodepools": {"web": 3.0, "night": 0.0, "batch": "external"}}

    assert sizes(exported(step(STACK_ID, "id", settings=settings))) == {"web": 3, "night": 0}
    assert sizes(exported(stack_id())) == {}
