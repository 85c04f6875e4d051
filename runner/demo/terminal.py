"""Runs a command in a terminal of its own and returns what it printed there, colours included."""

import errno
import os
import signal
import subprocess
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

COLUMNS, _ROWS = 120, 40
_CHUNK = 1 << 16


def started(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], rows: int, columns: int
) -> "tuple[subprocess.Popen[bytes], int]":
    """Starts a command in a terminal of that size; returns its process, and our end of the terminal, to be closed."""
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (rows, columns))
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "TERM": "xterm-256color"},
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        )
    finally:
        os.close(its)
    return process, ours


def typed(line: str, folder: Path, environment: Mapping[str, str], see: Callable[[bytes], object]) -> tuple[int, str]:
    """The exit status of a line of shell, and what it printed.

    Args:
        line: for `sh`.
        folder: where it runs.
        environment: all of its variables.
        see: called with what is printed, as it comes.
    """
    process, ours = started(["sh", "-c", line], folder, environment, _ROWS, COLUMNS)
    printed = b""
    try:
        while chunk := read(ours):
            see(chunk)
            printed += chunk
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)  # it has a terminal of its own, so it did not get this Ctrl-C
        while chunk := read(ours):  # it may have to end what it began, and to say so
            see(chunk)
        raise
    finally:
        os.close(ours)
        status = process.wait()
    return status, printed.decode(errors="replace")


def read(terminal: int) -> bytes:
    """Returns the next output; empty once every process has closed the terminal."""
    try:
        return os.read(terminal, _CHUNK)
    except OSError as error:
        if error.errno != errno.EIO:  # how Linux says it
            raise
        return b""
