"""The processes of one control plane, found by its folder alone.

Each is started through a link in the folder's `bin`, so its command line begins with that path. That needs no recorded
pid, which could be missing after a crash or belong to another process by now. Any process can end them, even if the one
that started them is gone.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

POLL_SECONDS = 0.02
EXEC_POLLS = 25


def executable(folder: Path, name: str, target: Path) -> Path:
    """Returns the path to start this program with, a link to `target`, so that `find` recognises it as the
    cluster's."""
    link = folder.resolve() / "bin" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    return link


def find(folder: Path) -> dict[int, str]:
    """Returns names of the cluster's running processes by pid."""
    home = f"{folder.resolve() / 'bin'}{os.sep}"
    return {pid: program.removeprefix(home) for pid, program in _programs() if program.startswith(home)}


def ended(folder: Path) -> set[str]:
    """Returns names of the cluster's processes that kwokctl started and that ended by themselves."""
    recorded = {file.stem for file in (folder / "pids").glob("*.pid")}
    return recorded - set(find(folder).values())


def listening(folder: Path) -> set[int]:
    """Returns the TCP ports on which the cluster's processes listen."""
    import psutil  # imported late: see sandbox/stop.py

    ports: set[int] = set()
    for pid in find(folder):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            connections = psutil.Process(pid).net_connections("tcp")
            ports |= {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}
    return ports


def kill_process(folder: Path, name: str) -> None:
    """Kills one process (SIGKILL) and returns when it is gone; does nothing if it is not running.

    Raises:
        TimeoutError: it survived for 10 s (it hangs in the kernel).
    """
    _signal([pid for pid, found in find(folder).items() if found == name], signal.SIGKILL, seconds=10)
    (folder / "pids" / f"{name}.pid").unlink(missing_ok=True)


def end_processes(folder: Path, grace_seconds: float = 2) -> None:
    """Ends every process of the cluster, whoever started it, and returns when all are gone.

    Needs no running daemon; safe to run twice, even concurrently.

    Args:
        folder: the cluster's folder, `$SANDBOX_HOME/clusters/<id>`.
        grace_seconds: time after SIGTERM before SIGKILL follows; 0 kills at once, which etcd's data survives,
            too.

    Raises:
        TimeoutError: a process survived SIGKILL for 10 s (it hangs in the kernel).
    """
    # kwokctl first and at once: while it runs it starts more processes.
    kill_process(folder, "kwokctl")
    if grace_seconds > 0:
        with contextlib.suppress(TimeoutError):
            _signal(list(find(folder)), signal.SIGTERM, grace_seconds)
    _signal(list(find(folder)), signal.SIGKILL, seconds=10)
    # kwokctl takes any running process with a recorded pid for its own, so no record may be left.
    for file in (folder / "pids").glob("*.pid"):
        file.unlink(missing_ok=True)


def _signal(pids: list[int], number: signal.Signals, seconds: float) -> None:
    """Sends the signal and waits until all have ended."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while left := [pid for pid in pids if not _has_ended(pid)]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {left} did not end within {seconds} s of {number.name}")
        time.sleep(POLL_SECONDS)


def _has_ended(pid: int) -> bool:
    """Whether it is gone, or a zombie whose last thread has ended: until then it holds its ports."""
    if _has_proc():
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            return state in "ZX" and len(os.listdir(f"/proc/{pid}/task")) <= 1
        except OSError:
            return True
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listing.stdout.strip()[:1] in ("", "Z")


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


def _program(entry: Path) -> str:
    for _ in range(EXEC_POLLS):
        if line := entry.joinpath("cmdline").read_bytes():
            return line.split(b"\0", 1)[0].decode(errors="replace")
        # A zombie or a kernel thread has no program (OSError); a process that has one is just being started.
        entry.joinpath("exe").readlink()
        time.sleep(POLL_SECONDS / 10)
    return ""


def _programs() -> Iterator[tuple[int, str]]:
    """Yields pid and program of this machine's processes, from their command lines; zombies have none."""
    if _has_proc():
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):  # it ended meanwhile, or is not ours to read
                    yield int(entry.name), _program(entry)
        return
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
    for row in listing.stdout.splitlines():
        pid, _, command = row.strip().partition(" ")
        yield int(pid), command.strip().split(" -", 1)[0]  # every argument of ours begins with a dash
