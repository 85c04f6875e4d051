"""The screen of a program that draws on a whole terminal."""

import os
import sys
from pathlib import Path

import pytest

from runner.demo.screen import Screen

ASKS = """
import sys, termios, tty
tty.setraw(0)
sys.stdout.write("\\x1b[2J\\x1b[3;5Hwho?\\x1b[5;1H\\x1b[1;31mred\\x1b[0m \\x1b[38;2;1;2;255;48;5;21mblue\\x1b[0m")
sys.stdout.flush()
name = sys.stdin.read(3)
sys.stdout.write(f"\\x1b[3;5H\\x1b[K{name}!")
sys.stdout.flush()
sys.stdin.read(1)
sys.exit(7)
"""


@pytest.fixture
def asking(tmp_path: Path) -> Screen:
    return Screen([sys.executable, "-c", ASKS], os.environ, tmp_path, rows=5, columns=20)


def test_it_shows_what_is_drawn_where_and_takes_what_is_typed(asking: Screen) -> None:
    with asking as screen:
        screen.wait(lambda rows: "who?" in rows[2] and "blue" in rows[4])
        assert screen.lines == ["", "", "    who?", "", "red blue"]
        screen.type("Ann")
        screen.wait(lambda rows: rows[2] == "    Ann!")
        screen.type("q")
        assert screen.ended() == 7


def test_its_rows_have_their_colours(asking: Screen) -> None:
    with asking as screen:
        screen.wait(lambda rows: "blue" in rows[4])
        last = screen.coloured[4]
    assert last.startswith("\x1b[0;1;31mr\x1b[0m")
    assert "\x1b[0;38;2;1;2;255;48;2;0;0;255mb\x1b[0m" in last


def test_what_never_comes_is_an_error_with_the_screen_in_it(asking: Screen) -> None:
    with asking as screen:
        screen.wait(lambda rows: "who?" in rows[2])
        with pytest.raises(TimeoutError, match=r"does not show it:\n\n\n +who\?"):
            screen.wait(lambda rows: False, seconds=0.05)


def test_a_program_can_open_the_terminal_by_its_name(tmp_path: Path) -> None:
    with Screen(["sh", "-c", "echo here > /dev/tty; read end"], os.environ, tmp_path, rows=2) as screen:
        screen.wait(lambda rows: rows[0] == "here")


def test_a_program_that_ends_is_no_reason_to_wait(tmp_path: Path) -> None:
    with (
        Screen(["echo", "no such cluster"], os.environ, tmp_path, rows=2) as screen,
        pytest.raises(TimeoutError, match="no such cluster"),
    ):
        screen.wait(lambda rows: "nodes" in rows[0])
