"""The calls that reach the cloud: a record of them, and traps that act when one of them arrives."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.faults import Fault, Faults

# Asked at every step by every client: no fault of these is a row of its own.
PASSING = ("list-zones", "get-operation")


@dataclass
class Trap:
    """Acts once, when the operation is called for the n-th time from now, before it takes effect.

    Args:
        act: must not wait for the cloud, which waits for it.
    """

    operation: str
    act: Callable[[], object]
    nth: int = 1
    _sprung: threading.Event = field(default_factory=threading.Event)

    def spring(self) -> None:
        """Acts."""
        self.act()
        self._sprung.set()

    def sprung(self, seconds: float = 10) -> bool:
        """Whether it has acted, or does in that time: an engine that `act` kills is gone before `act` returns."""
        return self._sprung.wait(seconds)


class Calls(Faults):
    """The faults of a cloud that also notes its calls. Put it in place of `cloud.faults`."""

    def __init__(self) -> None:
        super().__init__()
        self._traps: list[Trap] = []
        self._traps_lock = threading.Lock()
        self._first: tuple[str, dict[str, Any]] | None = None
        self.made: list[str] = []

    def call(self, operation_id: str) -> list[Fault]:
        first = operation_id not in self.made
        self.made.append(operation_id)
        if first and self._first and operation_id.startswith(self._first[0]) and operation_id not in PASSING:
            self.arm(Fault(operation_id, **self._first[1]))
        for trap in self._springing(operation_id):
            trap.spring()
        return super().call(operation_id)

    def trap(self, operation: str, act: Callable[[], object], nth: int = 1) -> Trap:
        """Sets a trap."""
        trap = Trap(operation, act, nth)
        with self._traps_lock:
            self._traps.append(trap)
        return trap

    def fail_first(self, among: str = "", **fault: Any) -> None:
        """From now on the first call of every operation, of those that begin so, fires this fault of `Fault`'s."""
        self.made.clear()
        self._first = among, fault

    def start_again(self) -> None:
        """Forgets faults, traps and what was noted."""
        with self._traps_lock:
            self._traps.clear()
        self._first = None
        self.clear()
        self.fired.clear()
        self.made.clear()

    def _springing(self, operation_id: str) -> list[Trap]:
        springing = []
        with self._traps_lock:
            for trap in list(self._traps):
                if trap.operation == operation_id:
                    trap.nth -= 1
                    if trap.nth == 0:
                        self._traps.remove(trap)
                        springing.append(trap)
        return springing
