"""The sandbox's folder: its lock, and the addresses of the running sandbox."""

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.environment import variables
from sandbox.files import write_private

_POLL_SECONDS = 0.05


class SandboxError(Exception):
    """An error that the user can fix; the message is one line that says how."""


class AlreadyRunning(SandboxError):
    """Another sandbox uses this folder."""


def default_home() -> Path:
    """Returns `$SANDBOX_HOME`, or the checkout's folder."""
    return Path(os.environ.get("SANDBOX_HOME") or home_of(Path(__file__).parents[1])).resolve()


def home_of(checkout: Path) -> Path:
    """Returns `.sandbox` in the checkout; or one in the cache if that path has a space, at which kwokctl stops
    reading."""
    inside = checkout / ".sandbox"
    if not has_space(inside):
        return inside
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "exoscale-sks" / f"sandbox-{hashlib.sha256(str(checkout.resolve()).encode()).hexdigest()[:12]}"


def has_space(path: Path) -> bool:
    """Whether the path has a space, a tab or the like in it."""
    return len(str(path.absolute()).split()) > 1


@dataclass(frozen=True)
class Record:
    """The record of a running sandbox in its folder, for the command line (`sandbox.json`, 0600)."""

    pid: int
    started: str
    pace: float
    url: str
    proxy_url: str
    token: str
    key: str
    secret: str
    ca_bundle: str

    def environment(self) -> dict[str, str]:
        """Returns the variables for unmodified clients."""
        return variables(self.url, self.proxy_url, self.key, self.secret, Path(self.ca_bundle))

    def write(self, home: Path) -> None:
        """Writes the record, complete or not at all."""
        write_private(_record(home), json.dumps(asdict(self), indent=2))


def running(home: Path) -> Record | None:
    """Reads the record of the sandbox that runs in this folder; None if none does.

    Ignores a record whose process is gone, even if another process has its pid by now.
    """
    try:
        record = Record(**json.loads(_record(home).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return record if start_time(record.pid) == record.started else None


def forget(home: Path) -> None:
    """Removes the record."""
    _record(home).unlink(missing_ok=True)


class Lock:
    """The lock of a folder, held by its only sandbox and the sandbox's reaper: free when both are gone.

    It is the kernel's lock on the open file, which the reaper inherits; `filelock` cannot do that.

    Args:
        home: the folder; created if it is missing.
    """

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.descriptor = os.open(home / "sandbox.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self, seconds: float = 0) -> bool:
        """Tries for that long to take the lock; False if somebody else still holds it."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(_POLL_SECONDS)

    def sign(self) -> None:
        """Records this process as the holder."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()} {start_time(os.getpid())}".encode(), 0)

    def holder(self) -> int | None:
        """Returns the pid of the last recorded holder, if it is still running."""
        pid, _, started = os.pread(self.descriptor, 100, 0).decode().partition(" ")
        return int(pid) if pid and start_time(int(pid)) == started else None

    def close(self) -> None:
        """Releases the lock; a running reaper still holds it."""
        os.close(self.descriptor)


def start_time(pid: int) -> str | None:
    """Returns the process's start time, as text that can only be compared; None if there is no such process."""
    try:
        # The program's name, in brackets, may contain anything; state and start time are fields 3 and 22.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return None
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or None


def process_name(pid: int) -> str:
    """Returns the name of the program that runs as this process; empty if there is none."""
    if start_time(pid) is None:  # a zombie still has a name
        return ""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    asked = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def _record(home: Path) -> Path:
    return home / "sandbox.json"
