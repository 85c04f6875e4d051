"""A shut gate: nothing more leaves, nobody waits."""

import http.server
import threading
from collections.abc import Iterator

import pytest
import urllib3

from sandbox.controllers.gate import Gate, Killed


class _Server(http.server.ThreadingHTTPServer):
    """Answers GET /slow only when told to, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.reached = threading.Event()
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.reached.set()
        if self.path == "/slow":
            self.server.release.wait(10)
        self.send_response(503 if self.path == "/broken" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.release.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def pools(gate: Gate) -> Iterator[urllib3.PoolManager]:
    manager = urllib3.PoolManager()
    gate.guard(manager)
    yield manager
    manager.clear()


def test_requests_pass_an_open_gate(server: _Server, pools: urllib3.PoolManager) -> None:
    assert pools.request("GET", f"{server.url}/").status == 200


def test_nothing_is_sent_after_the_gate_is_shut(server: _Server, pools: urllib3.PoolManager, gate: Gate) -> None:
    pools.request("GET", f"{server.url}/first")
    gate.shut()
    with pytest.raises(Killed):
        pools.request("GET", f"{server.url}/second")
    assert server.asked == ["/first"]


def test_whoever_waits_for_a_reply_dies_without_it(server: _Server, pools: urllib3.PoolManager, gate: Gate) -> None:
    ends: list[BaseException] = []

    def ask() -> None:
        try:
            pools.request("GET", f"{server.url}/slow")
        except BaseException as error:
            ends.append(error)

    caller = threading.Thread(target=ask)
    caller.start()
    server.reached.wait(5)
    gate.shut()
    caller.join(5)
    assert [type(end) for end in ends] == [Killed]
    assert server.asked == ["/slow"]


def test_a_retry_of_a_shut_gate_is_never_sent(server: _Server, gate: Gate) -> None:
    class ShutBetweenTheTries(urllib3.Retry):
        def sleep(self, response: object = None) -> None:
            gate.shut()

    with urllib3.PoolManager(retries=ShutBetweenTheTries(4, status_forcelist=[503])) as pools:
        gate.guard(pools)
        with pytest.raises(Killed):
            pools.request("GET", f"{server.url}/broken")
    assert server.asked == ["/broken"]
