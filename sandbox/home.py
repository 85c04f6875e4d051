"""The sandbox's folder: who holds it, and where the running sandbox can be reached."""

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
    """Something that the user can put right; the message is one line that says how."""


class AlreadyRunning(SandboxError):
    """Another sandbox has this folder."""


def default_home() -> Path:
    """`$SANDBOX_HOME`, or that of the checkout."""
    return Path(os.environ.get("SANDBOX_HOME") or home_of(Path(__file__).parents[1])).resolve()


def home_of(checkout: Path) -> Path:
    """`.sandbox` in the checkout; where that path has a space, where kwokctl stops reading, one in the cache."""
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
    """The record that a running sandbox leaves in its folder, for the command line (`sandbox.json`, 0600)."""

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
        """The variables for unmodified clients."""
        return variables(self.url, self.proxy_url, self.key, self.secret, Path(self.ca_bundle))

    def write(self, home: Path) -> None:
        """Complete or not at all."""
        write_private(_record(home), json.dumps(asdict(self), indent=2))


def running(home: Path) -> Record | None:
    """The record of the sandbox that runs in this folder; None where none does.

    A record whose process is gone counts for nothing, also when another process has its pid by now.
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
    """Held by the one sandbox of a folder, and by its reaper: free again when both are gone.

    It is the kernel's lock on the open file, which the reaper inherits; that is why this is not `filelock`.

    Args:
        home: the folder; made where it is missing.
    """

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.descriptor = os.open(home / "sandbox.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self, seconds: float = 0) -> bool:
        """Tries for that long; False when somebody else still holds it."""
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
        """Leaves word who holds it."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()} {start_time(os.getpid())}".encode(), 0)

    def holder(self) -> int | None:
        """Pid of the process that signed last, where it still lives."""
        pid, _, started = os.pread(self.descriptor, 100, 0).decode().partition(" ")
        return int(pid) if pid and start_time(int(pid)) == started else None

    def close(self) -> None:
        """Lets go of it; a reaper that lives holds it still."""
        os.close(self.descriptor)


def start_time(pid: int) -> str | None:
    """When the process started, in words that only compare; None where no such process lives."""
    try:
        # The program's name, in brackets, may hold anything; state and start time are fields 3 and 22.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return None
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or None


def process_name(pid: int) -> str:
    """Of the program that runs as this process; empty where none does."""
    if start_time(pid) is None:  # a zombie has a name still
        return ""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    asked = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def _record(home: Path) -> Path:
    return home / "sandbox.json"
