"""Faults armed over the admin API: the n-th call of an operation fails, loses its reply, waits or ends badly."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.api.errors import OperationFailed


@dataclass
class Fault:
    """One armed fault; it fires once, on the n-th call of its operation from now.

    Args:
        operation: operation id of the OpenAPI document, or `*` for any.
        effect: `status` (refuse with `status`, nothing happens), `lose-reply` (the effect happens, then the
            connection closes without an answer), `delay` (wait `seconds` first), `failure` (accepted, then
            the operation ends as failure with `reason` and `message`), `kill-ccm`, `kill-csi` (after the effect,
            the controller that called dies before it sees the reply).
        nth: number of the call to fire on; 1 is the next call.
        times: number of calls in a row to fire on.
    """

    operation: str
    effect: str
    nth: int = 1
    times: int = 1
    status: int = 503
    seconds: float = 0
    reason: str = "unknown"
    message: str = "armed fault"

    def matches(self, operation_id: str) -> bool:
        """Whether this fault watches that operation."""
        return self.operation in ("*", operation_id)


class Faults:
    """The armed faults of one cloud, and a count of those that fired."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self.fired: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Adds a fault; several may be armed for the same operation."""
        with self._lock:
            self._armed.append(fault)

    def clear(self) -> None:
        """Disarms all."""
        with self._lock:
            self._armed.clear()

    def armed(self) -> list[Fault]:
        """Returns the faults that can still fire."""
        with self._lock:
            return list(self._armed)

    def call(self, operation_id: str) -> list[Fault]:
        """Counts one call and returns the faults that fire on it, except `failure` (see operation_failure)."""
        return self._fire(operation_id, lambda fault: fault.effect != "failure")

    def operation_failure(self, operation_id: str) -> OperationFailed | None:
        """Returns how the operation started by this call must fail, if a `failure` fault fires on it."""
        for fault in self._fire(operation_id, lambda fault: fault.effect == "failure"):
            return OperationFailed(fault.reason, fault.message)
        return None

    def _fire(self, operation_id: str, wanted: Callable[[Fault], bool]) -> list[Fault]:
        fired = []
        with self._lock:
            for fault in list(self._armed):
                if not (fault.matches(operation_id) and wanted(fault)):
                    continue
                fault.nth -= 1
                if fault.nth > 0:
                    continue
                fired.append(fault)
                fault.times -= 1
                if fault.times <= 0:
                    self._armed.remove(fault)
        self.fired += fired
        return fired
