"""Outlives the sandbox briefly and ends the processes that it left behind, however it ended.

`python -m sandbox.reaper HOME`: standard input is a pipe whose other end only the sandbox holds.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from sandbox.clusters.processes import end_processes
from sandbox.environment import without_credentials
from sandbox.home import Lock

_ROOT = Path(__file__).parents[1]


def end_control_planes(home: Path) -> None:
    """Ends every process of every control plane of this folder; their data stays."""
    for folder in sorted(home.glob("clusters/*/")):
        end_processes(folder)


class Reaper:
    """The sandbox's side: a reaper process, which acts when this process closes it or dies.

    Args:
        home: the sandbox's folder.
        lock: the folder's lock, held by the sandbox and, until it is done, by the reaper.
    """

    def __init__(self, home: Path, lock: Lock) -> None:
        log = home / "logs" / "sandbox.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.reaper", str(home)],
                cwd=_ROOT,
                env=without_credentials(os.environ),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=[lock.descriptor],
                start_new_session=True,  # so that Ctrl-C at the terminal does not reach it
            )

    @property
    def pid(self) -> int:
        """Pid of the reaper process."""
        return self._process.pid

    def close(self) -> None:
        """Makes the reaper act, and returns when it is done."""
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def main(home: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end_control_planes(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
