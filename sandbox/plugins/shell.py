"""Runs one command as Go's os/exec does for the plugin, with the same error texts (docs/plugins.md, Commands)."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LOOK_SECONDS = 0.02  # how soon an ended process is seen


class CommandFailed(Exception):
    """The command did not start, or failed. The text shows the command, including secrets in it."""


@dataclass(frozen=True)
class Output:
    """The output of a command, without one trailing newline."""

    stdout: str
    stderr: str


def run(
    command: str,
    interpreter: list[str],
    directory: Path,
    environment: Mapping[str, str],
    stdin: str,
    show: Callable[[str, str], None],
    cancelled: threading.Event,
    timeout: float = 0,
) -> Output:
    """Runs it and waits, also for grandchildren that keep its output open.

    Args:
        interpreter: program and arguments; the command becomes the last one.
        show: called with `stdout` or `stderr` and each line, as it is printed.
        cancelled: set, the process gets SIGKILL; its children do not.
        timeout: seconds after which it gets SIGKILL as well; 0 for never.

    Raises:
        CommandFailed: it did not end with status 0.
    """
    printed: list[tuple[str, str]] = []
    process = _start(command, interpreter, directory, environment)

    def collect(name: str, stream: IO[str]) -> None:
        for line in stream:
            printed.append((name, line))
            show(name, line.removesuffix("\n"))

    with process:  # closes the pipes
        threads = [
            threading.Thread(target=collect, args=("stdout", process.stdout)),
            threading.Thread(target=collect, args=("stderr", process.stderr)),
            threading.Thread(target=_feed, args=(process.stdin, stdin)),
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + timeout
        while process.poll() is None:
            if cancelled.wait(_LOOK_SECONDS) or (timeout and time.monotonic() > deadline):
                process.kill()
                process.wait()
        for thread in threads:
            thread.join()
    if process.returncode:
        raise _failed(_ending(process.returncode), command, "".join(line for _, line in printed))
    texts = ("".join(line for name, line in printed if name == stream) for stream in ("stdout", "stderr"))
    return Output(*(text.removesuffix("\n") for text in texts))


def _start(
    command: str, interpreter: list[str], directory: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[str]":
    try:
        return subprocess.Popen(
            [*interpreter, command],
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        if error.filename == str(directory) or not directory.is_dir():
            raise _failed(f"chdir {directory}: {reason}", command, "") from None
        if isinstance(error, FileNotFoundError) and "/" not in interpreter[0]:
            raise _failed(f'exec: "{interpreter[0]}": executable file not found in $PATH', command, "") from None
        raise _failed(f"fork/exec {interpreter[0]}: {reason}", command, "") from None


def _feed(stream: IO[str], text: str) -> None:
    try:
        with stream:
            stream.write(text)
    except BrokenPipeError:
        pass  # the command does not read its input


def _ending(returncode: int) -> str:
    if returncode < 0:
        return f"signal: {(signal.strsignal(-returncode) or str(-returncode)).lower()}"
    return f"exit status {returncode}"


def _failed(reason: str, command: str, output: str) -> CommandFailed:
    return CommandFailed(f"{reason}: running {json.dumps(command, ensure_ascii=False)}:\n{output}")
