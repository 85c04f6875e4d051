"""A cloud without control planes, served over HTTP, and the official client of it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import daemon
from sandbox.api import families
from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient, connect
from sandbox.clock import FAST, Clock, Ids
from sandbox.cloud import Cloud
from sandbox.home import Record
from tests.sandbox.daemons import Start

KEY, SECRET, TOKEN = "EXOtest", "the-secret", "the-token"
POLL_SECONDS = 0.005


@pytest.fixture
def cloud() -> Cloud:
    """Instant, with repeatable ids, without control planes, and with one API key."""
    families.load()
    made = Cloud(clock=Clock(0), ids=Ids(1))
    made.store.put("api-key", {"id": KEY, "key": KEY, "name": "sandbox", "_secret": SECRET})
    return made


@pytest.fixture
def api(cloud: Cloud) -> Iterator[ApiServer]:
    """The cloud, served. Its end takes a fifth of a second, for which no test waits."""
    server = ApiServer(cloud, TOKEN)
    server.__enter__()
    yield server
    threading.Thread(target=server.__exit__).start()


@pytest.fixture
def connected(api: ApiServer) -> Callable[..., SandboxClient]:
    """Makes clients: of the test's key in ch-gva-2 unless told otherwise."""

    def make(key: str = KEY, secret: str = SECRET, zone: str = "ch-gva-2") -> SandboxClient:
        return connect(api.url, key, secret, zone, poll_seconds=POLL_SECONDS, backoff_seconds=0.001)

    return make


@pytest.fixture
def client(connected: Callable[..., SandboxClient]) -> SandboxClient:
    """The official client."""
    return connected()


@pytest.fixture
def settle(client: SandboxClient) -> Callable[[dict[str, Any]], str]:
    """Waits for an operation, given as a call answered it, and returns the id that it refers to."""
    return lambda operation: str(client.wait(operation["id"])["reference"]["id"])


@pytest.fixture
def admin(api: ApiServer) -> Callable[..., requests.Response]:
    """Calls the admin API: `admin("POST", "faults", {...})`."""

    def call(method: str, path: str, body: Any = None, token: str = TOKEN) -> requests.Response:
        url = f"{api.url}/_sandbox/{path}"
        return requests.request(method, url, json=body, headers={"X-Sandbox-Token": token}, timeout=10)

    return call


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts daemons; afterwards none is left, however the test ended."""
    homes = []

    def launch(home: Path) -> Record:
        homes.append(home)
        return daemon.start(home, FAST, lambda line: None)

    yield launch
    for home in homes:
        daemon.stop(home)
