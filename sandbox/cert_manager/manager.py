"""Looks at one cluster again and again, in a thread of its own."""

import logging
import threading

from sandbox.cert_manager.controller import Controller
from sandbox.controllers.cluster import Access, Away, Cluster, Refused

PERIOD_SECONDS = 1.0


class CertManager:
    """The cert-manager of one cluster. In a cluster that has none of its definitions, a look is one short request.

    It has no watches, unlike the real one: what it does is done within a second, and most clusters never need it.

    Args:
        access: access to the cluster.
        name: name in the log.
    """

    def __init__(self, access: Access, name: str) -> None:
        self._cluster = Cluster(access)
        self._controller = Controller(self._cluster)
        self._log = logging.getLogger(f"sandbox.cert_manager.{name}")
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
            try:
                self._controller.look()
            except (Refused, *Away) as error:  # the API server is down, or its namespace is going: try again
                self._log.debug("not in step: %s", error)
            except Exception:  # a bug must not end it
                self._log.exception("not in step")
