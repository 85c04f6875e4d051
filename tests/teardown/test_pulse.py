"""Whether a control plane is gone: silence proves it, any answer disproves it, and what cannot be told is no proof."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from teardown.errors import TeardownError
from teardown.pulse import deleted
from teardown.survey import Accounts
from tests.sandbox.sks_bench import NOWHERE
from tests.teardown.world import OURS, ZONE, World


@pytest.fixture
def asked(world: World, everywhere: Accounts, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Asks about a cluster whose API server is said to be at an address."""
    monkeypatch.setattr("teardown.pulse._PAUSE_SECONDS", 0.01)
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def ask(endpoint: str, patience: float = 0.1) -> bool:
        cluster = world.cluster(OURS)
        world.announce(cluster, endpoint)
        return deleted(everywhere[ZONE], cluster, "dev", patience, said.append)

    return ask


@contextmanager
def server(status: int, reason: str = "") -> Iterator[str]:
    """Answers everything with a status; gives host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status, reason or None)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_CONNECT = do_GET

        def log_message(self, *_: object) -> None: ...

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_cluster_that_exoscale_does_not_know_is_deleted(world: World, everywhere: Accounts, said: list[str]) -> None:
    assert deleted(everywhere[ZONE], NOWHERE, "dev", 0, said.append)


@pytest.mark.parametrize("status", [200, 401, 403, 404, 500, 503])
def test_whatever_it_answers_it_lives(asked: Callable[..., bool], status: int) -> None:
    with server(status) as address, pytest.raises(TeardownError, match="pulumi destroy --stack dev"):
        asked(f"http://{address}")


def test_a_port_that_refuses_is_silence(asked: Callable[..., bool], said: list[str]) -> None:
    assert asked(f"https://{closed_port()}") is False
    assert "does not answer" in said[0]


def test_a_server_that_accepts_and_says_nothing_is_silence(
    asked: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("teardown.pulse._CONNECT_AND_READ_SECONDS", (0.1, 0.1))
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert asked(f"https://127.0.0.1:{mute.getsockname()[1]}") is False


def test_it_lives_whoever_signed_its_certificate(
    asked: Callable[..., bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox.proxy import Authority

    context = Authority(tmp_path).context("api.exoscale.com")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=_answer_once, args=(context, listening))
        answering.start()
        with pytest.raises(TeardownError, match="answers"):
            asked(f"https://127.0.0.1:{listening.getsockname()[1]}")
        answering.join()


def _answer_once(context: ssl.SSLContext, listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with context.wrap_socket(connection, server_side=True) as secure:
        secure.recv(65536)
        secure.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def test_a_proxy_that_gets_no_answer_there_is_silence(
    asked: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(502, "Bad Gateway") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        assert asked("https://api.invalid") is False


def test_a_proxy_that_refuses_proves_nothing(asked: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> None:
    with server(403, "Forbidden") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        with pytest.raises(TeardownError, match="the proxy on the way refuses"):
            asked("https://api.invalid")


def test_a_dead_proxy_proves_nothing(asked: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{closed_port()}")
    with pytest.raises(TeardownError, match="the proxy on the way refuses"):
        asked("https://api.invalid")


def test_one_that_comes_back_in_time_lives(asked: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, False, True])
    monkeypatch.setattr("teardown.pulse._answers", lambda endpoint: next(answers))

    with pytest.raises(TeardownError, match="answers"):
        asked("https://api.invalid", patience=60)
