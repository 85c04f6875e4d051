"""What the Makefile makes of what people type, and of the machine it finds."""

import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def printing(tmp_path: Path) -> Path:
    """A folder with a Python that prints its arguments, a line for each."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    python.chmod(0o755)
    return python.parent


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "--no-print-directory", f"--makefile={CHECKOUT / 'Makefile'}", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("verb", ["up", "preview", "down", "plan", "rescue"])
@pytest.mark.parametrize("name", ["alice", "feature/foo", "", "a'b c", "$(id)"])
def test_a_stacks_name_reaches_the_command_as_it_was_typed(verb: str, name: str, printing: Path) -> None:
    answer = make(verb, f"STACK={name.replace('$', '$$')}", f"BIN={printing}", "--old-file=tools")
    assert answer.stdout.splitlines() == ["-m", "sandbox", verb, name]


def test_an_audit_without_a_stacks_name_is_of_all(printing: Path) -> None:
    assert make("audit", "STACK=", f"BIN={printing}", "--old-file=tools").stdout.splitlines() == [
        "-m",
        "sandbox",
        "audit",
    ]
