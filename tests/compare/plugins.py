"""Pulumi's real provider plugins in the place of the stand-ins: the same tests, and the same state in the end."""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click

from runner.charts import stand_in
from runner.stack import PLUGINS, REAL, STAND_IN, SandboxStack
from sandbox.clock import FAST
from sandbox.environment import entered
from sandbox.plugins.timing import Timing
from sandbox.sandbox import Sandbox
from tests.compare.record import Row
from tests.compare.states import differences
from tests.compare.watch import watched

PROJECT = Path(__file__).parents[2]
# What `make compare` has the real plugins do beside the comparison of states: our stack, and five rows of the faults.
TESTS = (
    "tests/engine/test_our_stack.py",
    "tests/engine/faults/test_ccm.py::test_dead_before_the_destroy",
    "tests/engine/faults/test_ccm.py::test_its_credentials_were_revoked",
    "tests/engine/faults/test_volumes.py::test_delete_takes_the_volumes_with_the_stack",
    "tests/engine/faults/test_volumes.py::test_refuse_names_the_volumes_and_touches_nothing",
    "tests/engine/faults/test_killed_engine.py::test_an_up_that_was_killed_is_destroyed[create-load-balancer]",
)


def missing() -> list[str]:
    """The plugins that are neither on PATH nor among those that Pulumi has installed."""
    return [f"pulumi-resource-{name}" for name in PLUGINS if not _found(name)]


def compared() -> Row:
    """Brings our program up and down with both, compares the states, and runs the tests with the real ones."""
    with watched() as asked:
        found = differences(_state(STAND_IN), _state(REAL))
    for line in found:
        click.echo(f"  {line}", err=True)
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *TESTS],
        cwd=PROJECT,
        env={**os.environ, "SANDBOX_PLUGINS": REAL},
        check=False,
    )
    passed = tests.returncode == 0
    return Row(
        str(date.today()),
        "Pulumi's plugins",
        ", ".join(map(_found, PLUGINS)),
        asked.calls,
        int(passed),
        int(not passed),
        " ".join(sorted(asked.missing)),
        len(found),
    )


def _found(plugin: str) -> str:
    """The plugin that Pulumi would take: the name of the file on PATH or of what is installed, empty where none is."""
    installed = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins"
    on_path = shutil.which(f"pulumi-resource-{plugin}")
    found = [Path(on_path)] if on_path else sorted(installed.glob(f"resource-{plugin}-v*/"))
    return found[-1].name if found else ""


def _state(plugins: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home, Sandbox(Path(home) / "sandbox") as sandbox:
        chart = stand_in("nginx-ingress", Path(home))
        file = Path(home) / "kubeconfig"
        config = {"exoscale-sks:ingress": {"chart": str(chart)}, "exoscale-sks:kubeconfig": {"file": str(file)}}
        stack = SandboxStack(
            sandbox.home, PROJECT, "compare", sandbox.environment(), config, timing=Timing.of(FAST), plugins=plugins
        )
        # The program runs in this process.
        with patch.dict(os.environ, entered(os.environ, sandbox.environment()), clear=True):
            stack.up()
            state: dict[str, Any] = stack.export()["deployment"]
            stack.destroy()
        return state
