"""Makes a plan's events happen, at the calls that reach the cloud."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from sandbox.faults import Fault
from sandbox.sandbox import Sandbox
from tests.engine.faults.calls import PASSING, Calls
from tests.soak.plan import Event

GIVING_UP = 5  # tries that every client makes in all (docs/exoscale.md, Errors and retries)
BACK_AFTER_SECONDS = 2.0  # of an API server that is only away for a while


class Trouble(Calls):
    """The faults of a cloud in which a plan's events happen. Put it in place of `cloud.faults`."""

    def __init__(self, sandbox: Sandbox, clusters: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self._sandbox, self._clusters = sandbox, clusters
        self._events: dict[int, list[Event]] = {}
        self._count = 0
        self._counting = threading.Lock()
        self._returning: list[threading.Timer] = []
        self.happened: list[str] = []
        self.dead: set[str] = set()

    def begin(self, events: Iterable[Event]) -> None:
        """Counts the calls from one again; these are the events of this phase."""
        self.clear()
        with self._counting:
            self._count, self._events = 0, {}
            for event in events:
                self._events.setdefault(event.call, []).append(event)

    def end(self) -> None:
        """Nothing more happens, and who was away for a while is back."""
        self.begin(())
        for timer in self._returning:
            timer.join()
        self._returning.clear()

    def call(self, operation_id: str) -> list[Fault]:
        happening: list[Event] = []
        if operation_id not in PASSING:
            with self._counting:
                self._count += 1
                happening = self._events.pop(self._count, [])
        for event in happening:
            self._happen(event, operation_id)
        return super().call(operation_id)

    def _happen(self, event: Event, operation: str) -> None:
        self.happened.append(f"{event} ({operation})")
        if event.what.startswith("status"):
            times = GIVING_UP if event.what.endswith("a while") else 1
            self.arm(Fault(operation, "status", status=event.status, times=times))
        elif event.what == "reply lost":
            self.arm(Fault(operation, "lose-reply"))
        elif event.what == "operation fails":
            self.arm(Fault(operation, "failure", reason="busy", message="armed by the soak"))
        elif event.what == "engine killed":
            kill_engine()
        else:
            self._kill(event.what)

    def _kill(self, what: str) -> None:
        part = {"CCM killed": "ccm", "CSI killed": "csi"}.get(what, "api-server")
        for cluster in self._clusters():
            with contextlib.suppress(Exception):  # it may not have one yet, or no more
                self._sandbox.control_planes.kill(cluster, part)
                self.dead |= {cluster} if what == "API server killed" else set()
                if what == "API server away":
                    timer = threading.Timer(BACK_AFTER_SECONDS, self._revive, (cluster, part))
                    timer.start()
                    self._returning.append(timer)

    def _revive(self, cluster: str, part: str) -> None:
        with contextlib.suppress(LookupError):  # it may be deleted by now
            self._sandbox.control_planes.revive(cluster, part)


def kill_engine() -> None:
    """SIGKILL for the `pulumi` processes that this process runs."""
    for task in Path("/proc/self/task").iterdir():
        children: list[str] = []
        with contextlib.suppress(FileNotFoundError):  # the thread has ended
            children = (task / "children").read_text().split()
        for pid in children:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # this one has, the next may not have
                if Path(f"/proc/{pid}/comm").read_text().strip() == "pulumi":
                    os.kill(int(pid), signal.SIGKILL)
