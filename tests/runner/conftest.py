"""The command line, without a process of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import runner.stack_commands
import runner.teardown_commands  # noqa: F401 - modules of commands: importing them adds them
from runner.cli import main


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Runs a command on a folder where no sandbox runs."""
    return lambda *arguments: CliRunner().invoke(main, ["--home", str(tmp_path), *arguments])
