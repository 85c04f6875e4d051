"""The controllers that an addon brings to a cluster and that are not Kubernetes' own: they come and go with it."""

import threading
from collections.abc import Callable
from typing import Protocol

from sandbox.api.sks_credentials import CCM, CSI
from sandbox.controllers.cluster import Access
from sandbox.store import Document

ADDONS = {"ccm": CCM, "csi": CSI}
"""The addon of each controller, by the name under which it is killed and revived."""


class Handle(Protocol):
    """A running controller of one cluster."""

    def start(self) -> None:
        """Starts it."""

    def stop(self) -> None:
        """Stops it in good order."""

    def kill(self) -> None:
        """Ends it on the spot, wherever it is."""

    def revive(self) -> None:
        """Starts a killed one again."""


Factory = Callable[[Document, Access], Handle]


class Controller:
    """One controller of one cluster, which exists as long as the cluster wants it.

    Args:
        make: makes it from the cluster's document and the way to it.
        cluster: its document.
        access: the way to it, once it runs.
    """

    def __init__(self, make: Factory, cluster: Document, access: Callable[[], Access]) -> None:
        self._make = make
        self._cluster = cluster
        self._access = access
        self._lock = threading.Lock()
        self._handle: Handle | None = None
        self._killed = False

    def keep(self, wanted: bool) -> None:
        """Makes and starts it, or stops it; a killed one stays dead. For one thread."""
        if wanted and self._handle is None and not self._killed:
            handle = self._make(self._cluster, self._access())
            handle.start()  # without the lock: it asks the API, whose handler may be killing it
            with self._lock:
                self._handle = handle
                if self._killed:
                    handle.kill()
        elif not wanted and self._handle:
            self._handle.stop()
            self._handle = None

    def stop(self) -> None:
        """Stops it in good order."""
        if self._handle:
            self._handle.stop()

    def kill(self) -> None:
        """Ends it on the spot; it stays dead until revived."""
        with self._lock:
            self._killed = True
            if self._handle:
                self._handle.kill()

    def revive(self) -> None:
        """Starts a killed one again."""
        with self._lock:
            killed = self._handle if self._killed else None
            self._killed = False
        if killed:
            killed.revive()
