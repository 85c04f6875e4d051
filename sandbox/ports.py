"""Free ports on loopback."""

import json
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from sandbox.files import write_private

# Below Linux's ephemeral range, so that no passing connection takes one while its owner is stopped.
RANGE = range(10000, 32000)
LOCALHOST = "127.0.0.1"


def free(address: str = LOCALHOST) -> int:
    """One, at random: two sandboxes that start at once must not choose the same."""
    while not is_free(port := secrets.choice(RANGE), address):
        pass
    return port


def kept(file: Path, names: Iterable[str]) -> dict[str, int]:
    """One for each name: that of last time, which the file tells, where it is free."""
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
    """Reads what `kept` left there; nothing where the file is missing, or was not written by us."""
    try:
        return {name: port for name, port in json.loads(file.read_text()).items() if port in RANGE}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}


def is_free(port: int, address: str = LOCALHOST) -> bool:
    """Whether it can be listened at; port 0 never."""
    try:
        socket.create_server((address, port)).close()
    except OSError:
        return False
    return port != 0
