"""The listeners on loopback that stand for the load balancers' addresses, opened when somebody asks for them."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox import ports
from sandbox.cloud import Cloud
from sandbox.files import write_private
from sandbox.store import Document
from sandbox.traffic.listener import Listener
from sandbox.traffic.names import address_of
from sandbox.traffic.way import BALANCER, Nowhere, Ways

_HTTPS = 443
_POLL_SECONDS = 0.1  # after which a listener notices that it is to close


class Listeners:
    """Implements `sandbox.cloud.Traffic`. A load balancer's port keeps its port on loopback while it exists.

    Args:
        cloud: the whole cloud, of all organisations.
        ways: finds the way of each connection.
        file: where the ports are noted.
    """

    def __init__(self, cloud: Cloud, ways: Ways, file: Path) -> None:
        self._cloud = cloud
        self._ways = ways
        self._file = file
        self._noted = ports.noted(file)
        self._lock = threading.Lock()
        self._open: dict[tuple[str, int], Listener] = {}

    def start(self) -> None:
        """Opens those that were open last time, for browsers that show them."""
        for address, port, _ in self._wanted():
            if _name(address, port) in self._noted:
                self._listener(address, port)

    def stop(self) -> None:
        """Closes all; safe to call twice."""
        with self._lock:
            listeners, self._open = list(self._open.values()), {}
        _close(listeners)

    def probe(self, member: Document, check: Document) -> bool | None:
        """See `sandbox.cloud.Traffic`."""
        return self._ways.probe(member, check)

    def addresses(self) -> list[Document]:
        """See `sandbox.cloud.Traffic`."""
        wanted = list(self._wanted())
        self._forget_all_but({(address, port) for address, port, _ in wanted})
        return [
            {"address": address, "port": port, "load-balancer": name, "local-port": self._listener(address, port)}
            for address, port, name in wanted
        ]

    def local_port(self, host: str, port: int) -> int | None:
        """Returns the port on loopback that stands for a host's port; None if the host means no load balancer.

        Raises:
            Nowhere: it means one that does not exist, or that has no service on this port.
        """
        address = address_of(self._cloud, host)
        if address is None:
            return None
        known = {(one, number) for one, number, _ in self._wanted()}
        if address not in {one for one, _ in known}:
            raise Nowhere(f"no load balancer with a service has the address {address}")
        if (address, port) not in known:
            raise Nowhere(f"the load balancer at {address} has no service on port {port}")
        return self._listener(address, port)

    def _wanted(self) -> Iterator[tuple[str, int, str]]:
        for balancer in self._cloud.store.list(BALANCER):
            for service in balancer["services"]:
                if service["protocol"] == "tcp":
                    yield balancer["ip"], service["port"], balancer["name"]

    def _listener(self, address: str, port: int) -> int:
        with self._lock:
            if (address, port) not in self._open:
                before = self._noted.get(_name(address, port), 0)
                local = before if ports.is_free(before) else ports.free()
                listener = Listener(address, port, local, self._ways.way, self._tls_port)
                name = f"traffic-{address}:{port}"
                threading.Thread(target=listener.serve_forever, args=(_POLL_SECONDS,), name=name, daemon=True).start()
                self._open[address, port] = listener
                self._noted[_name(address, port)] = local
                write_private(self._file, json.dumps(self._noted))
            return self._open[address, port].local_port

    def _tls_port(self, address: str) -> int | None:
        if not any((one, port) == (address, _HTTPS) for one, port, _ in self._wanted()):
            return None
        return self._listener(address, _HTTPS)

    def _forget_all_but(self, wanted: set[tuple[str, int]]) -> None:
        with self._lock:
            gone = [self._open.pop(key) for key in list(self._open) if key not in wanted]
            names = {_name(*key) for key in wanted}
            self._noted = {name: port for name, port in self._noted.items() if name in names}
        _close(gone)


def _name(address: str, port: int) -> str:
    return f"{address}:{port}"


def _close(listeners: list[Listener]) -> None:
    if listeners:
        with ThreadPoolExecutor(len(listeners)) as pool:  # each waits for its last poll
            list(pool.map(Listener.shutdown, listeners))
    for listener in listeners:
        listener.server_close()
