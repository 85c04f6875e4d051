"""Free ports on loopback."""

import json
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from sandbox.files import write_private

# Below Linux's ephemeral range, so that no outgoing connection takes one while its owner is stopped.
RANGE = range(10000, 32000)
LOCALHOST = "127.0.0.1"


def free(address: str = LOCALHOST) -> int:
    """Returns a random free port: two sandboxes that start at the same time must not choose the same."""
    while not is_free(port := secrets.choice(RANGE), address):
        pass
    return port


def kept(file: Path, names: Iterable[str]) -> dict[str, int]:
    """Returns a port for each name: the one recorded in the file, if it is still free."""
    before = noted(file)
    ports: dict[str, int] = {}
    for name in names:
        port = before.get(name, 0)
        while not is_free(port) or port in ports.values():
            port = free()
        ports[name] = port
    write_private(file, json.dumps(ports))
    return ports


def noted(file: Path) -> dict[str, int]:
    """Reads the ports recorded by `kept`; empty if the file is missing or was not written by us."""
    try:
        return {name: port for name, port in json.loads(file.read_text()).items() if port in RANGE}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}


def is_free(port: int, address: str = LOCALHOST) -> bool:
    """Whether a server can listen on the port; never on port 0."""
    try:
        socket.create_server((address, port)).close()
    except OSError:
        return False
    return port != 0
