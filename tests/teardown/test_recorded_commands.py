"""What stands in the states of released programs still runs, and is still read."""

import shlex
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from components.cli import main
from components.teardown import recorded_commands
from components.teardown.cloud_drain import DrainTarget
from components.teardown.state import legacy
from components.teardown.subject import Subject
from tests.teardown.deployment import command

LINES = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_suffix(".txt").with_stem("recorded_commands").read_text().splitlines()
    if not line.startswith("#")
]
CLUSTER, POOL = "6a3d1a5e-3f0c-4c3b-9a53-0f3f5a7a1b11", "0f8aa7c2-1b1e-4f0e-8a57-7d1a6c3e2d22"
SUBJECT = Subject("exoscale-sks", "dev", "alice", "ch-gva-2", "5fac1d000001")


def words(line: str) -> list[str]:
    """As the shell gives them to `teardown/run.sh`."""
    run, script, *found = shlex.split(line.replace("$PULUMI_COMMAND_STDOUT", SUBJECT.stack_id))
    assert (run, script) == ("sh", "teardown/run.sh")
    return found


@pytest.mark.parametrize(("step", "line"), LINES)
def test_the_command_line_takes_every_option_as_it_was_meant(step: str, line: str) -> None:
    verb, *arguments = words(line)
    found = main.get_command(click.Context(main), verb)
    assert found is not None

    given = found.make_context(verb, [*arguments]).params

    taken = [str(value) for values in given.values() for value in (values if isinstance(values, tuple) else [values])]
    meant = [word for word in arguments if not word.startswith("--")]
    assert {word if "." in word or not word.isdigit() else f"{float(word)}" for word in meant} <= {*taken}


@pytest.mark.parametrize(("step", "line"), LINES)
def test_a_state_is_read_for_what_its_drains_and_sweeps_say(step: str, line: str) -> None:
    verb, *arguments = shlex.split(line)[2:]
    one = command("one", **{step: line})

    options = legacy.options(one, step, verb)

    assert options is not None
    assert {f"--{key}" for key in options} == {word for word in arguments if word.startswith("--")}
    assert list(chain(*options.values())) == [word for word in arguments if not word.startswith("--")]
    assert legacy.options(one, step, "another") is None
    assert legacy.options(one, "update", verb) is None


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, ...]]:
    """What the steps were called with; each says its name."""
    called: dict[str, tuple[Any, ...]] = {}

    def step(name: str) -> Any:
        def run(*arguments: Any) -> list[str]:
            called[name] = arguments[:-1]  # the last one is to be told
            return [f"{name} is done"]

        return run

    names = ("drain", "sweep_stack", "sweep_nodepools", "remove_rules_unless_worn")
    monkeypatch.setattr(recorded_commands, "steps", SimpleNamespace(**{name: step(name) for name in names}))
    return called


def line_of(*parts: str) -> list[str]:
    """The one recorded line with these parts."""
    (found,) = [line for _, line in LINES if all(part in line for part in parts)]
    return words(found)


def test_a_drain_of_before_runs_as_a_drain_that_nobody_armed(steps: dict[str, tuple[Any, ...]]) -> None:
    done = CliRunner().invoke(main, line_of(" drain ", "--on-destroy refuse"))

    target = DrainTarget(CLUSTER, (POOL,), ("exoscale-sks-dev-ingress",), "refuse", False, 120)
    assert steps == {"drain": (SUBJECT, "", "", target)}
    assert done.output == "drain is done\n"


def test_a_drain_of_before_knows_of_its_releases_and_all_its_pools(steps: dict[str, tuple[Any, ...]]) -> None:
    CliRunner().invoke(main, line_of(" drain ", "--on-destroy delete"))

    target = steps["drain"][3]
    assert (target.releases, len(target.pool_ids), target.on_destroy) == (True, 2, "delete")


def test_a_sweep_of_before_runs_as_the_sweep_of_a_stack_or_of_a_cluster(steps: dict[str, tuple[Any, ...]]) -> None:
    CliRunner().invoke(main, line_of(" sweep ", "PULUMI_COMMAND_STDOUT"))
    CliRunner().invoke(main, line_of(" sweep ", "--cluster"))

    assert steps == {"sweep_stack": (SUBJECT,), "sweep_nodepools": (SUBJECT, "", CLUSTER)}


def test_a_sweep_of_rules_of_before_looks_for_machines_in_every_zone(
    steps: dict[str, tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere = {"at-vie-1": "vie", "ch-gva-2": "gva"}
    monkeypatch.setattr(recorded_commands, "accounts", lambda stack: everywhere)

    CliRunner().invoke(main, line_of(" sweep-rules "))

    assert steps["remove_rules_unless_worn"] == (everywhere, "1d2c3b4a-0f9e-4d8c-7b6a-5e4f3d2c1b44")


def test_the_drain_of_a_cluster_can_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[Any] = []
    monkeypatch.setattr(Subject, "accounts", lambda self: {self.zone: "account"})
    monkeypatch.setattr(recorded_commands, "plan_drain", planned.append)

    done = CliRunner().invoke(main, [*line_of(" drain ", "--on-destroy refuse"), "--dry-run"])

    assert done.exit_code == 0, done.output
    (cloud,) = planned
    assert (cloud.account, cloud.subject, cloud.target.cluster_id) == ("account", SUBJECT, CLUSTER)
