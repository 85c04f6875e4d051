"""The proxy's address, which stays the same as long as anything contains it."""

import ipaddress
import json
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from sandbox import ports
from sandbox.files import write_private
from sandbox.home import SandboxError, process_name


class Taken(SandboxError):
    """Another program listens on the proxy's address."""


@dataclass(frozen=True)
class Place:
    """An address on loopback and a port.

    The sandbox's kubeconfigs contain it, and so do the states of stacks: it must never change. The proxy has an address
    of its own, which does not collide with programs on 127.0.0.1, where nearly every program listens.
    """

    address: str
    port: int


def kept(home: Path, named: bool) -> Place:
    """Returns the last address, or, if there is none or it is not free, a new one, which is recorded.

    Args:
        home: the sandbox's folder.
        named: whether there are clusters, whose kubeconfigs contain it: then it must not change.

    Raises:
        Taken: it must not change, and is not free.
        SandboxError: it must not change, and is not known.
    """
    before = _noted(home, named)
    if before and ports.is_free(before.port, before.address):
        place = before
    elif before and named:
        raise Taken(
            f"kubeconfigs of the sandbox's clusters name {before.address}:{before.port}, and {_listener(before)} "
            f"has that port: end it, then start again; or forget the clusters with `make clean`"
        )
    else:
        address = _own_address()
        place = Place(address, ports.free(address))
    write_private(home / "proxy.json", json.dumps(asdict(place)))
    return place


def _noted(home: Path, named: bool) -> Place | None:
    """Reads the recorded address; None if there is none, or if it is unreadable and nothing needs it."""
    file = home / "proxy.json"
    try:
        place = Place(**json.loads(file.read_text()))
        if ipaddress.IPv4Address(place.address).is_loopback and place.port in ports.RANGE:
            return place
    except FileNotFoundError:  # earlier versions had it beside the API's
        port = ports.noted(home / "ports.json").get("proxy")
        return Place(ports.LOCALHOST, port) if port else None
    except (ValueError, TypeError):
        pass
    if named:
        example = json.dumps(asdict(Place(ports.LOCALHOST, ports.RANGE.start)))
        raise SandboxError(f"{file} is broken: write the `proxy-url` of a kubeconfig into it, in the form {example}")
    return None


def _own_address() -> str:
    """Returns an address that no other sandbox has; the common one if the machine has only one (macOS)."""
    address = f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
    try:
        socket.create_server((address, 0)).close()
    except OSError:
        return ports.LOCALHOST
    return address


def _listener(place: Place) -> str:
    """Says which program listens there, or on all addresses."""
    try:
        listening = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    except psutil.AccessDenied:  # macOS
        listening = []
    where = {(address, place.port) for address in (place.address, "0.0.0.0", "::")}  # noqa: S104 - only looked for
    pid = next((one.pid for one in listening if tuple(one.laddr) in where and one.pid), None)
    return f"process {pid} ({process_name(pid)})" if pid else "another program"
