"""Runs the sandbox as its own process: starts it, serves until a signal, and stops it."""

import contextlib
import faulthandler
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.environment import without_credentials
from sandbox.home import Lock, Record, SandboxError, forget, running, start_time
from sandbox.reaper import end_control_planes

Say = Callable[[str], None]

_ROOT = Path(__file__).parents[1]
_STOP_SECONDS = 60
_SLOW_STOP_SECONDS = 30
_KILL_SECONDS = 30
_POLL_SECONDS = 0.02
_PARENT_POLL_SECONDS = 1
# Lines from the daemon to the process that starts it; any other line is progress for the user.
_PID, _READY, _FAILED = "pid: ", "ready", "failed: "


class NotStarted(SandboxError):
    """The sandbox did not start; the message says why."""


class NotStopped(SandboxError):
    """A process holds the folder and does not end."""


def start(home: Path, pace: float, say: Say, parent: int | None = None) -> Record:
    """Starts a detached sandbox unless one is running; returns when it is ready.

    Args:
        home: its folder.
        pace: see `Sandbox`; a running one keeps its own.
        say: called with lines of progress.
        parent: pid of a process that it must not outlive.

    Raises:
        NotStarted: it did not start; the message says why.
    """
    from filelock import FileLock  # imported late: see sandbox/stop.py

    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(home / "start.lock"):  # two concurrent starts start one sandbox
        record = running(home)
        if record is None:
            _launch(home, pace, say, parent)
            record = running(home)
    if record is None:
        raise NotStarted("the sandbox stopped as soon as it was ready")
    return record


def stop(home: Path) -> bool:
    """Stops the sandbox, even if it is just starting, and returns when all its processes are gone.

    Also ends what a crash left behind. Returns False if nothing was running.

    Raises:
        NotStopped: it survived SIGTERM and SIGKILL.
    """
    if not home.exists():
        return False
    lock = Lock(home)
    try:
        idle = lock.acquire()
        if not idle:
            _end_holder(lock)
        end_control_planes(home)
        forget(home)
    finally:
        lock.close()
    return not idle


def serve(home: Path, pace: float, say: Say, ready: Callable[[Record], None], parent: int | None = None) -> None:
    """Runs a sandbox in this process until SIGTERM, Ctrl-C, a closed terminal, or the end of the parent.

    Args:
        home, pace, say, parent: as for `start`.
        ready: called once, when it answers.

    Raises:
        AlreadyRunning: another sandbox uses this folder.
    """
    # Imported late, so that commands that serve nothing start quickly.
    from sandbox.sandbox import Sandbox

    parent_started = start_time(parent) if parent else None
    with _signals() as signalled, Sandbox(home, pace, say=say) as sandbox:
        ready(sandbox.record)
        seconds = _PARENT_POLL_SECONDS if parent else None
        while not select.select([signalled], [], [], seconds)[0]:
            if parent and (parent_started is None or start_time(parent) != parent_started):
                break  # also if it was already gone
        say("stopping")
        # Log it now: the process that waits for this one will soon kill it.
        faulthandler.dump_traceback_later(_SLOW_STOP_SECONDS)
    faulthandler.cancel_dump_traceback_later()


def log_to_file(home: Path) -> Path:
    """Sends this process's log to `<home>/logs/sandbox.log`, and returns that path."""
    log = home / "logs" / "sandbox.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    logging.basicConfig(
        filename=log, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    return log


def _launch(home: Path, pace: float, say: Say, parent: int | None) -> None:
    log = home / "logs" / "sandbox.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.daemon", str(home), str(pace), str(parent or "")],
            cwd=_ROOT,
            env=without_credentials(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        )
    pid = None
    with process:  # it ends at once; the daemon is its child
        try:
            for line in map(str.strip, process.stdout or ()):
                if line.startswith(_PID):
                    pid = int(line.removeprefix(_PID))
                elif line == _READY:
                    return
                elif line.startswith(_FAILED):
                    raise NotStarted(f"the sandbox did not start: {line.removeprefix(_FAILED)}; {log} says more")
                else:
                    say(line)
        except KeyboardInterrupt:
            if pid:
                _signal(pid, signal.SIGTERM)
            raise
    raise NotStarted(f"the sandbox did not start: {_last_line(log)}; {log} says more")


def _last_line(log: Path) -> str:
    return log.read_text(errors="replace").strip().rpartition("\n")[2]


def _end_holder(lock: Lock) -> None:
    holder = lock.holder()
    if holder:
        _signal(holder, signal.SIGTERM)
    if not lock.acquire(_STOP_SECONDS):
        if holder:
            _signal(holder, signal.SIGKILL)
        if not lock.acquire(_KILL_SECONDS):
            raise NotStopped(f"process {holder} holds the sandbox's folder and does not end")
    deadline = time.monotonic() + _KILL_SECONDS
    while lock.holder() and time.monotonic() < deadline:  # it has released the lock but not exited yet
        time.sleep(_POLL_SECONDS)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended by itself
        os.kill(pid, number)


@contextmanager
def _signals() -> Iterator[int]:
    """Returns a file descriptor that becomes readable at the first signal to stop."""
    readable, writable = os.pipe()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(number, lambda *_: os.write(writable, b"!")) for number in numbers]
    try:
        yield readable
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
        os.close(readable)
        os.close(writable)


def _tell(line: str) -> None:
    """Sends a line to the process that started the daemon, which may be gone."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, f"{line}\n".encode())


def _ready(_: Record) -> None:
    _tell(_READY)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def main(home: Path, pace: float, parent: int | None) -> None:
    if os.fork():
        os._exit(0)  # so the process that started this one need not wait for it
    _tell(f"{_PID}{os.getpid()}")
    log_to_file(home)
    try:
        serve(home, pace, _tell, _ready, parent)
    except Exception as error:
        logging.getLogger("sandbox").exception("the sandbox ended")
        _tell(f"{_FAILED}{' '.join(str(error).split())}")
        sys.exit(1)
    # Everything is stopped and stored. Only threads of killed controllers are left, and they may block in a read for
    # ever, so the process exits without waiting for them.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]) if sys.argv[3] else None)
