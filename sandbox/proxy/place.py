"""Where the proxy listens, for as long as there is anything that names it."""

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
    """Somebody else listens where the proxy has to."""


@dataclass(frozen=True)
class Place:
    """An address on loopback and a port.

    The kubeconfigs that a sandbox mints name it, and so do the states of stacks: it must never change. The address is
    the proxy's own, where what listens on 127.0.0.1, as nearly every program does, takes nothing away.
    """

    address: str
    port: int


def kept(home: Path, named: bool) -> Place:
    """That of last time; where that is not free, or there was none, another, which is kept from now on.

    Args:
        home: the sandbox's folder.
        named: whether there are clusters, whose kubeconfigs name it: then it can be no other.

    Raises:
        Taken: it can be no other, and is not free.
        SandboxError: it can be no other, and nobody knows which it is.
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
    """None where there is no note, or one that is not of ours and nothing needs it."""
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
    """One that no other sandbox has; that of all where the machine has but one (macOS)."""
    address = f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
    try:
        socket.create_server((address, 0)).close()
    except OSError:
        return ports.LOCALHOST
    return address


def _listener(place: Place) -> str:
    """Who listens there, or at every address, in words."""
    try:
        listening = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    except psutil.AccessDenied:  # macOS
        listening = []
    where = {(address, place.port) for address in (place.address, "0.0.0.0", "::")}  # noqa: S104 - only looked for
    pid = next((one.pid for one in listening if tuple(one.laddr) in where and one.pid), None)
    return f"process {pid} ({process_name(pid)})" if pid else "another program"
