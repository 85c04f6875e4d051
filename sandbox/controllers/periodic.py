"""Controllers that look at a cluster again and again, all in one thread: most clusters never need them."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from sandbox.controllers.cluster import Access, Away, Cluster, Refused

PERIOD_SECONDS = 1.0


class Controller(Protocol):
    """A controller without watches. In a cluster without its definitions, a look is one short request."""

    def look(self) -> None:
        """Does whatever is to be done. Raises Refused, or one of `Away`."""


class Periodic:
    """The periodic controllers of one cluster.

    Args:
        access: access to the cluster.
        kinds: make the controllers.
        name: name in the log.
    """

    def __init__(self, access: Access, kinds: Sequence[Callable[[Cluster], Controller]], name: str) -> None:
        self._cluster = Cluster(access)
        self._controllers = [kind(self._cluster) for kind in kinds]
        self._log = logging.getLogger(f"sandbox.periodic.{name}")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self._log.name, daemon=True)

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it; a look that has begun is finished."""
        self._stopping.set()
        self._thread.join()
        self._cluster.close()

    def _run(self) -> None:
        while not self._stopping.wait(PERIOD_SECONDS):
            for controller in self._controllers:
                self._look(controller)

    def _look(self, controller: Controller) -> None:
        try:
            controller.look()
        except (Refused, *Away) as error:  # the API server is down, or a namespace is going: try again
            self._log.debug("not in step: %s", error)
        except Exception:  # a bug must not end the others
            self._log.exception("not in step")
