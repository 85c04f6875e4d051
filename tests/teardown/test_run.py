"""`teardown/run.sh`: what stands in the state, and has to work in any clone."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(stat.S_IRWXU)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout with nothing but the script, and a `pulumi` that makes a Python which prints its arguments."""
    (tmp_path / "clone" / "teardown").mkdir(parents=True)
    shutil.copy(PROJECT / "teardown" / "run.sh", tmp_path / "clone" / "teardown")
    program(tmp_path / "made", 'echo "$@"')
    program(
        tmp_path / "bin" / "pulumi",
        f'echo installed "$@"; mkdir -p .venv/bin; cp {tmp_path}/made .venv/bin/python',
    )
    return tmp_path / "clone"


def run(clone: Path) -> subprocess.CompletedProcess[str]:
    path = f"{clone.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = ["sh", "teardown/run.sh", "credential", "--zone", "a b"]
    return subprocess.run(command, cwd=clone, env={"PATH": path}, capture_output=True, text=True, check=False)


def test_a_fresh_clone_installs_what_it_needs_first_and_keeps_standard_output_for_the_answer(clone: Path) -> None:
    answer = run(clone)

    assert answer.stdout == "-m components credential --zone a b\n"
    assert "installed install" in answer.stderr


def test_a_clone_that_has_it_installs_nothing(clone: Path) -> None:
    run(clone)

    assert "installed" not in run(clone).stderr


def test_where_the_installation_fails_nothing_runs(clone: Path) -> None:
    program(clone.parent / "bin" / "pulumi", "exit 3")
    answer = run(clone)

    assert (answer.returncode, answer.stdout) == (3, "")
