"""What is the same in every controller of ours: it can be stopped, killed on the spot, and brought back to life."""

import threading
from collections.abc import Callable
from typing import Protocol


class Process(Protocol):
    """One life of a controller."""

    def start(self) -> None:
        """Begins it; returns at once."""

    def stop(self) -> None:
        """Ends it in good order."""

    def kill(self) -> None:
        """Ends it on the spot and waits for nothing."""


class Mortal:
    """A controller that has one life at a time.

    Args:
        incarnation: makes a new one, which knows nothing of the one before.
    """

    def __init__(self, incarnation: Callable[[], Process]) -> None:
        self._incarnation = incarnation
        self._lock = threading.Lock()
        self._process: Process | None = None

    def start(self) -> None:
        """Starts it, unless it runs; returns at once. It keeps trying while cloud or cluster do not answer."""
        with self._lock:
            if self._process is None:
                self._process = self._incarnation()
                self._process.start()

    def stop(self) -> None:
        """Ends it in good order: what is under way gets 3 s to finish. Nothing happens where it does not run."""
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.stop()

    def kill(self) -> None:
        """Ends it on the spot: after this it sends nothing more to cluster or cloud, even out of the middle of a
        sync, and never waits, so that the cloud may call it while it answers it."""
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.kill()

    def revive(self) -> None:
        """Starts it again, knowing nothing of its former life."""
        self.start()
