"""The common part of our controllers: they can be stopped, killed at once, and revived."""

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.exoscale import Exoscale
from sandbox.controllers.gate import Gate, Killed
from sandbox.controllers.informer import Informer
from sandbox.controllers.settings import Settings

STOP_SECONDS = 3.0


class Life(ABC):
    """One life of a controller: its threads, and one thread that starts them and cleans up after them.

    Every call to cluster and cloud passes its gate; both connections are closed when the last thread has ended.

    Args:
        log: logger; its name is the prefix of the threads' names.
    """

    def __init__(self, settings: Settings, log: logging.Logger) -> None:
        self._gate = Gate()
        self._cluster = Cluster(settings.access, self._gate)
        self._cloud = Exoscale(
            settings.url,
            settings.key,
            settings.secret,
            settings.zone,
            settings.poll_seconds,
            settings.backoff_seconds,
            self._gate,
        )
        self._log = log
        self._stopping = threading.Event()
        self._working: list[threading.Thread] = []
        self._watching: list[threading.Thread] = []
        self._main = self._thread("main", self._run)

    @abstractmethod
    def _wake(self) -> None:
        """Makes every thread that waits for work check `_stopping`."""

    def _prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """Runs before the threads."""

    def _work(self, name: str, serve: Callable[[], None], after: Iterable[Informer]) -> None:
        """Makes a thread that serves once these informers are synced; at a stop it may finish its current work."""
        informers = list(after)

        def wait_and_serve() -> None:
            for informer in informers:
                informer.synced.wait()
            serve()

        self._working.append(self._thread(name, wait_and_serve))

    def _watch(self, name: str, look: Callable[[threading.Event], None]) -> None:
        """Makes a thread that looks until it is told to stop."""
        self._watching.append(self._thread(name, lambda: look(self._stopping)))

    def start(self) -> None:
        """Begins it; returns at once."""
        self._main.start()

    def stop(self) -> None:
        """Ends it in order: current work gets 3 s to finish."""
        self._close()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._working:
            if thread.is_alive():
                thread.join(max(0, deadline - time.monotonic()))
        self.kill()
        self._main.join(STOP_SECONDS)

    def kill(self) -> None:
        """Kills it at once and waits for nothing."""
        self._gate.shut()
        self._close()

    def _close(self) -> None:
        self._stopping.set()
        self._wake()

    def _run(self) -> None:
        threads = [*self._watching, *self._working]
        try:
            self._prepare()
            if not self._stopping.is_set():
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
        finally:
            self._cluster.close()
            self._cloud.close()

    def _thread(self, name: str, target: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                target()
            except Killed:
                self._log.debug("%s is dead", name)

        return threading.Thread(target=run, name=f"{self._log.name}.{name}", daemon=True)


class Mortal:
    """A controller that has one life at a time.

    Args:
        incarnation: makes a new life, which knows nothing of the one before.
    """

    def __init__(self, incarnation: Callable[[], Life]) -> None:
        self._incarnation = incarnation
        self._lock = threading.Lock()
        self._life: Life | None = None

    def start(self) -> None:
        """Starts it, unless it is running; returns at once. It keeps trying while cloud or cluster do not answer."""
        with self._lock:
            if self._life is None:
                self._life = self._incarnation()
                self._life.start()

    def stop(self) -> None:
        """Ends it in order: current work gets 3 s to finish. Does nothing if it is not running."""
        with self._lock:
            life, self._life = self._life, None
        if life:
            life.stop()

    def kill(self) -> None:
        """Kills it: after this it sends nothing more to cluster or cloud, even in the middle of a sync. It does not
        wait, so that the cloud may call this while it answers the controller."""
        with self._lock:
            life, self._life = self._life, None
        if life:
            life.kill()

    def revive(self) -> None:
        """Restarts it, without any memory of its former life."""
        self.start()
