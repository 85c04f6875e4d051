"""The processes of one control plane, findable from its folder alone.

Each is started through a link in the folder's `bin`, so its command line begins with that path: no recorded
pid that could be missing after a crash, or belong to somebody else's process by now. Whoever started them may
be gone; any other process can end them.
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
    """The path to start this program by, a link to `target`, so that `find` knows it as the cluster's."""
    link = folder.resolve() / "bin" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    return link


def find(folder: Path) -> dict[int, str]:
    """Name by pid of the cluster's processes that live."""
    home = f"{folder.resolve() / 'bin'}{os.sep}"
    return {pid: program.removeprefix(home) for pid, program in _programs() if program.startswith(home)}


def ended(folder: Path) -> set[str]:
    """Names of the cluster's processes that kwokctl started and that ended by themselves."""
    recorded = {file.stem for file in (folder / "pids").glob("*.pid")}
    return recorded - set(find(folder).values())


def listening(folder: Path) -> set[int]:
    """The TCP ports at which the cluster's processes listen."""
    import psutil  # imported late: see sandbox/stop.py

    ports: set[int] = set()
    for pid in find(folder):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
            connections = psutil.Process(pid).net_connections("tcp")
            ports |= {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}
    return ports


def kill_process(folder: Path, name: str) -> None:
    """Kills one process on the spot (SIGKILL) and returns when it is gone; nothing happens where it is not.

    Raises:
        TimeoutError: it survived for 10 s (it hangs in the kernel).
    """
    _signal([pid for pid, found in find(folder).items() if found == name], signal.SIGKILL, seconds=10)
    (folder / "pids" / f"{name}.pid").unlink(missing_ok=True)


def end_processes(folder: Path, grace_seconds: float = 2) -> None:
    """Ends every process of the cluster, whoever started it, and returns when all are gone.

    Needs no running daemon; may run twice, also at once.

    Args:
        folder: the cluster's folder, `$SANDBOX_HOME/clusters/<id>`.
        grace_seconds: how long SIGTERM may take before SIGKILL follows; 0 kills at once, which etcd's data
            survives as well.

    Raises:
        TimeoutError: a process survived SIGKILL for 10 s (it hangs in the kernel).
    """
    # kwokctl first and at once: while it lives it starts further processes.
    kill_process(folder, "kwokctl")
    if grace_seconds > 0:
        with contextlib.suppress(TimeoutError):
            _signal(list(find(folder)), signal.SIGTERM, grace_seconds)
    _signal(list(find(folder)), signal.SIGKILL, seconds=10)
    # kwokctl takes any live process with a recorded pid for its own, so no record may stay behind.
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
    """Whether it is gone, or a zombie whose last thread has ended: until then it still holds its ports."""
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
        # A zombie or a thread of the kernel has no program (OSError); what has one is just being started.
        entry.joinpath("exe").readlink()
        time.sleep(POLL_SECONDS / 10)
    return ""


def _programs() -> Iterator[tuple[int, str]]:
    """Pid and program of this machine's processes, as their command lines begin; zombies have none."""
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
