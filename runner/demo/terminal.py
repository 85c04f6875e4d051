"""Runs a command in a terminal of its own and returns what it printed there, colours included."""

import errno
import os
import signal
import subprocess
import termios
from collections.abc import Callable, Mapping
from pathlib import Path

COLUMNS, _ROWS = 120, 40
_CHUNK = 1 << 16


def typed(line: str, folder: Path, environment: Mapping[str, str], see: Callable[[bytes], object]) -> tuple[int, str]:
    """The exit status of a line of shell, and what it printed.

    Args:
        line: for `sh`.
        folder: where it runs.
        environment: all of its variables.
        see: called with what is printed, as it comes.
    """
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (_ROWS, COLUMNS))
    try:
        process = subprocess.Popen(
            ["sh", "-c", line],
            cwd=folder,
            env={**environment, "TERM": "xterm-256color"},
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        )
    finally:
        os.close(its)
    printed = b""
    try:
        while chunk := _read(ours):
            see(chunk)
            printed += chunk
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)  # it has a terminal of its own, so it did not get this Ctrl-C
        while chunk := _read(ours):  # it may have to end what it began, and to say so
            see(chunk)
        raise
    finally:
        os.close(ours)
        status = process.wait()
    return status, printed.decode(errors="replace")


def _read(terminal: int) -> bytes:
    """Returns the next output; empty once every process has closed the terminal."""
    try:
        return os.read(terminal, _CHUNK)
    except OSError as error:
        if error.errno != errno.EIO:  # how Linux says it
            raise
        return b""
