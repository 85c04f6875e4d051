"""The queue between changes and the workers that handle them, as in Kubernetes' controllers."""

import threading
import time


class WorkQueue:
    """Keys that wait for a worker: each at most once, and never with two workers at a time.

    Args:
        first_seconds: how long a key waits after its first failure; it doubles with each further one.
        most_seconds: the longest wait.
    """

    def __init__(self, first_seconds: float, most_seconds: float) -> None:
        self._first = first_seconds
        self._most = most_seconds
        self._changed = threading.Condition()
        self._ready: list[str] = []
        self._later: dict[str, float] = {}  # when each key is due: one time per key, as client-go's queue keeps it
        self._working: set[str] = set()
        self._again: set[str] = set()
        self._failures: dict[str, int] = {}
        self._closed = False

    def add(self, key: str) -> None:
        """Queues the key now; if a worker has it, queues it once more after that."""
        with self._changed:
            if key in self._working:
                self._again.add(key)
            elif key not in self._ready:
                self._ready.append(key)
                self._changed.notify()

    def retry(self, key: str) -> None:
        """Queues the key again after its waiting time."""
        with self._changed:
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
            wait = min(self._first * 2 ** min(failures, 60), self._most)
            due = time.monotonic() + wait
            self._later[key] = min(due, self._later.get(key, due))
            self._changed.notify()

    def forget(self, key: str) -> None:
        """Resets the key's failures after a success."""
        with self._changed:
            self._failures.pop(key, None)

    def get(self) -> str | None:
        """Waits for a key; returns None once the queue is closed."""
        with self._changed:
            while not self._closed:
                self._take_due()
                if self._ready:
                    key = self._ready.pop(0)
                    self._working.add(key)
                    return key
                self._changed.wait(min(self._later.values()) - time.monotonic() if self._later else None)
            return None

    def done(self, key: str) -> None:
        """Marks the key as finished by its worker."""
        with self._changed:
            self._working.discard(key)
            if key in self._again:
                self._again.discard(key)
                self.add(key)

    def close(self) -> None:
        """Ends the workers and drops the waiting keys."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _take_due(self) -> None:
        now = time.monotonic()
        for key in [key for key, due in sorted(self._later.items(), key=lambda item: item[1]) if due <= now]:
            del self._later[key]
            self.add(key)
