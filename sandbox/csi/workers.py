"""Threads that process keys from a queue, as in every controller here."""

import logging
from collections.abc import Callable

from sandbox.controllers.work_queue import WorkQueue

FIRST_RETRY_SECONDS = 1.0
MOST_RETRY_SECONDS = 300.0  # both are the sidecars' defaults


class Worker:
    """A queue of keys and their handler. Its `serve` may run in several threads.

    Args:
        name: name in the log.
        sync: brings a key's object into the wanted state; a failure is retried later.
        on_duty: waits until there is a pod to do it in; returns False if there will be none.
        pace: factor of the real waiting times (1 s to 300 s between tries).
    """

    def __init__(
        self, name: str, sync: Callable[[str], None], on_duty: Callable[[], bool], pace: float, log: logging.Logger
    ) -> None:
        self._name = name
        self._sync = sync
        self._on_duty = on_duty
        self._log = log
        self._queue = WorkQueue(FIRST_RETRY_SECONDS * pace, MOST_RETRY_SECONDS * pace)
        self.add = self._queue.add
        self.close = self._queue.close

    def serve(self) -> None:
        """Works until closed."""
        while (key := self._queue.get()) is not None:
            try:
                if not self._on_duty():
                    return
                self._sync(key)
                self._queue.forget(key)
            except Exception as error:  # an error with one object must not delay the others
                self._log.warning("error syncing %s %s (will retry): %s", self._name, key, error)
                self._queue.retry(key)
            finally:
                self._queue.done(key)
