"""The controllers that an addon adds to a cluster: they start and stop with it."""

import threading
from collections.abc import Callable
from typing import Protocol

from sandbox.api.sks_credentials import CCM, CSI
from sandbox.controllers.cluster import Access
from sandbox.store import Document

ADDONS = {"ccm": CCM, "csi": CSI}
"""The addon of each controller, by the controller's name for kill and revive."""


class Handle(Protocol):
    """A running controller of one cluster."""

    def start(self) -> None:
        """Starts it."""

    def stop(self) -> None:
        """Stops it in order."""

    def kill(self) -> None:
        """Kills it at once, whatever it is doing."""

    def revive(self) -> None:
        """Restarts a killed one."""


Factory = Callable[[Document, Access], Handle]


class Controller:
    """One controller of one cluster, which exists as long as the cluster wants it.

    Args:
        make: makes it from the cluster's document and access.
        cluster: the cluster's document.
        access: access to the cluster, once it runs.
    """

    def __init__(self, make: Factory, cluster: Document, access: Callable[[], Access]) -> None:
        self._make = make
        self._cluster = cluster
        self._access = access
        self._lock = threading.Lock()
        self._handle: Handle | None = None
        self._killed = False

    def keep(self, wanted: bool) -> None:
        """Makes and starts it, or stops it; a killed one stays dead. Call it from one thread only."""
        if wanted and self._handle is None and not self._killed:
            handle = self._make(self._cluster, self._access())
            handle.start()  # without the lock: it calls the API, whose handler may be killing it
            with self._lock:
                self._handle = handle
                if self._killed:
                    handle.kill()
        elif not wanted and self._handle:
            self._handle.stop()
            self._handle = None

    def stop(self) -> None:
        """Stops it in order."""
        if self._handle:
            self._handle.stop()

    def kill(self) -> None:
        """Kills it at once; it stays dead until revived."""
        with self._lock:
            self._killed = True
            if self._handle:
                self._handle.kill()

    def revive(self) -> None:
        """Restarts a killed one."""
        with self._lock:
            killed = self._handle if self._killed else None
            self._killed = False
        if killed:
            killed.revive()
