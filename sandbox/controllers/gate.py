"""Makes a thread killable: its connections pass a gate, and once that is shut no byte is sent any more."""

import contextlib
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Killed(BaseException):
    """Raised in a thread that makes a call after its gate was shut. No retry loop may catch it, hence the base
    class."""


class Gate:
    """Lets requests pass until it is shut.

    A request that was sent before stays sent: the cloud may act on it, and its caller never sees the reply. That is how
    a killed process looks from outside.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shut = False
        self._connections: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()

    def guard(self, manager: urllib3.PoolManager) -> None:
        """Makes every later connection of this pool manager pass the gate, including retries."""
        manager.pool_classes_by_scheme = {
            "http": _guarded(self, HTTPConnectionPool, HTTPConnection),
            "https": _guarded(self, HTTPSConnectionPool, HTTPSConnection),
        }

    def shut(self) -> None:
        """Shuts it for good and wakes the threads that wait for a reply. It waits for none itself, so that the cloud
        may call it while it answers a guarded request."""
        with self._lock:
            self._shut = True
            connections = list(self._connections)
        for connection in connections:
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    # The plain socket's shutdown: the TLS one would drop state that the waiting thread still reads.
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def check(self) -> None:
        """Ends a thread that should be dead.

        Raises:
            Killed: the gate is shut.
        """
        if self._shut:
            raise Killed

    @contextlib.contextmanager
    def passing(self, connection: HTTPConnection) -> Iterator[None]:
        """Holds the lock while a request is being written: `shut` comes before its first byte or after its last."""
        with self._lock:
            self.check()
            self._connections.add(connection)
            yield


def _guarded(gate: Gate, pool: type[HTTPConnectionPool], connection: type[HTTPConnection]) -> type[HTTPConnectionPool]:
    class Connection(connection):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            gate.check()
            super().connect()

        def request(self, *args: Any, **kwargs: Any) -> None:
            if self.sock is None:
                self.connect()  # outside the gate's lock: it may take long
            with gate.passing(self):
                super().request(*args, **kwargs)

        def getresponse(self) -> Any:
            try:
                return super().getresponse()
            finally:
                gate.check()

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})
