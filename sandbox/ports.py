"""Free ports on 127.0.0.1."""

import json
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from sandbox.files import write_private

# Below Linux's ephemeral range, so that no passing connection takes one while its owner is stopped.
RANGE = range(10000, 32000)


def free() -> int:
    """One, at random: two sandboxes that start at once must not choose the same."""
    while not _is_free(port := secrets.choice(RANGE)):
        pass
    return port


def kept(file: Path, names: Iterable[str]) -> dict[str, int]:
    """One for each name: that of last time, which the file tells, where it is free."""
    before = _before(file)
    ports: dict[str, int] = {}
    for name in names:
        port = before.get(name, 0)
        while not _is_free(port) or port in ports.values():
            port = free()
        ports[name] = port
    write_private(file, json.dumps(ports))
    return ports


def _before(file: Path) -> dict[str, int]:
    """None where the file is missing, or was not written by us."""
    try:
        return {name: port for name, port in json.loads(file.read_text()).items() if port in RANGE}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return port != 0
