"""A program that draws on the whole of a terminal, and what is on its screen."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyte

from runner.demo.terminal import COLUMNS, read, started

_WAIT_SECONDS = 60
# Such a program opens /dev/tty, which is there only for a process that its terminal controls.
_OWN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
_OWNED = (sys.executable, "-ISc", _OWN)
# The names that pyte has for the first colours of a terminal.
_COLOURS = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")


class Screen:
    """A running program with a terminal of its own; the end of the block ends it.

    Args:
        command: the program and its arguments.
        environment: all of its variables.
        folder: where it runs.
        rows: of the terminal.
        columns: of the terminal.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        folder: Path,
        rows: int = 40,
        columns: int = COLUMNS,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._process, self._terminal = started([*_OWNED, *command], folder, environment, rows, columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    @property
    def lines(self) -> list[str]:
        """The rows as they are read, without colours."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def coloured(self) -> list[str]:
        """The rows with their colours, as a program prints them that knows no other way."""
        rows = ([self._screen.buffer[row][column] for column in range(self._screen.columns)] for row in self._rows())
        return ["".join(f"\x1b[{_style(cell)}m{cell.data}\x1b[0m" for cell in row) for row in rows]

    def wait(self, shows: Callable[[list[str]], bool], seconds: float = _WAIT_SECONDS) -> None:
        """Follows the program until its screen shows something.

        Args:
            shows: told the rows after each change.
            seconds: to wait at most.

        Raises:
            TimeoutError: it does not; the message ends with the screen.
        """
        deadline = time.monotonic() + seconds
        while not shows(self.lines):
            left = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([self._terminal], [], [], left)
            chunk = read(self._terminal) if ready else b""
            if not chunk:
                raise TimeoutError("\n".join(["the screen does not show it:", *self.lines]))
            self._stream.feed(chunk)

    def type(self, keys: str) -> None:
        """Types, as a person does."""
        os.write(self._terminal, keys.encode())

    def ended(self) -> int:
        """Follows the program to its end, and returns its exit status."""
        while read(self._terminal):
            pass
        try:
            return self._process.wait(_WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise TimeoutError("it has closed its terminal and goes on") from None

    def _rows(self) -> range:
        return range(self._screen.lines)


def _style(cell: Any) -> str:
    """The parameters of the escape sequence that gives a cell its colours."""
    flags = [(cell.bold, "1"), (cell.italics, "3"), (cell.underscore, "4"), (cell.reverse, "7")]
    return ";".join(["0", *(code for on, code in flags if on), *_colour(cell.fg, 30), *_colour(cell.bg, 40)])


def _colour(name: str, base: int) -> list[str]:
    if name == "default":
        return []
    plain = name.removeprefix("bright")
    if plain in _COLOURS:
        return [str(base + _COLOURS.index(plain) + (60 if plain != name else 0))]
    red, green, blue = (str(int(name[index : index + 2], 16)) for index in (0, 2, 4))
    return [str(base + 8), "2", red, green, blue]
