"""Whether a control plane is gone: Exoscale's word is proof, silence is a doubt, and anything else is an answer."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from components.teardown.cluster.liveness import Pulse, prove_gone
from components.teardown.errors import TeardownError
from tests.teardown.paper import PaperAccount

LIVES = "answers: there is nothing to rescue. Next: `pulumi destroy --stack dev`"
DOUBT = "nobody can tell from here whether the control plane of cluster"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def asked(account: PaperAccount, said: list[str]) -> Callable[..., Pulse]:
    """Asks about a cluster whose API server is said to be at an address."""

    def ask(endpoint: str, patience: float = 0) -> Pulse:
        return prove_gone(account, account.cluster(endpoint=endpoint), "dev", patience, said.append)

    return ask


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Gives host and port, where each connection is handed over and then closed."""

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def says(head: str, length: int = 0) -> Callable[[socket.socket], None]:
    """Reads a request, answers that line without a body, and ends."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n".encode())

    return answer


def hangs_up(connection: socket.socket) -> None:
    connection.recv(65536)


def test_a_cluster_that_exoscale_does_not_know_is_gone(account: PaperAccount, said: list[str]) -> None:
    assert prove_gone(account, "nowhere", "dev", 60, said.append) is Pulse.UNKNOWN_TO_EXOSCALE
    assert said == []


def test_a_cluster_without_an_endpoint_never_started(asked: Callable[..., Pulse]) -> None:
    assert asked("", patience=60) is Pulse.NEVER_STARTED


@pytest.mark.parametrize("head", ["200 OK", "401 Unauthorized", "404 Not Found", "500 Oops", "503 No upstream"])
def test_whatever_it_answers_it_lives(asked: Callable[..., Pulse], head: str) -> None:
    with listening(says(head)) as address, pytest.raises(TeardownError, match=LIVES):
        asked(f"http://{address}")


def test_an_answer_that_leads_to_where_nothing_is_is_an_answer(asked: Callable[..., Pulse]) -> None:
    leads = says("302 Found\r\nLocation: http://127.0.0.1:1/")
    with listening(leads) as address, pytest.raises(TeardownError, match=LIVES):
        asked(f"http://{address}")


def test_an_answer_whose_body_never_comes_is_an_answer(asked: Callable[..., Pulse]) -> None:
    with listening(says("200 OK", length=9)) as address, pytest.raises(TeardownError, match=LIVES):
        asked(f"http://{address}")


def test_an_answer_that_nobody_can_read_proves_nothing(asked: Callable[..., Pulse]) -> None:
    with listening(says("200 OK\r\nContent-Length: 9")) as address, pytest.raises(TeardownError, match=DOUBT):
        asked(f"http://{address}")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_closes_without_a_byte_is_silent(
    asked: Callable[..., Pulse], said: list[str], scheme: str
) -> None:
    with listening(hangs_up) as address:
        assert asked(f"{scheme}://{address}") is Pulse.SILENT
        assert said == [f"{scheme}://{address} does not answer; trying for 0 s"]


def test_a_server_that_accepts_and_says_nothing_is_silent(asked: Callable[..., Pulse]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert asked(f"https://127.0.0.1:{mute.getsockname()[1]}") is Pulse.SILENT


def test_a_bare_name_is_asked_over_https(asked: Callable[..., Pulse], said: list[str]) -> None:
    with listening(hangs_up) as address:
        assert asked(address) is Pulse.SILENT
    assert said == [f"https://{address} does not answer; trying for 0 s"]


def test_a_port_that_refuses_proves_nothing(asked: Callable[..., Pulse]) -> None:
    """A firewall on the way refuses like that, too."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TeardownError, match=DOUBT):
            asked(f"https://127.0.0.1:{taken.getsockname()[1]}")


def test_a_name_that_nobody_knows_proves_nothing(asked: Callable[..., Pulse], monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(TeardownError, match=f"{DOUBT} cluster-1 lives: .*Name or service not known"):
        asked("https://api.invalid")


def test_something_that_speaks_no_tls_proves_nothing(asked: Callable[..., Pulse]) -> None:
    with listening(says("400 Bad Request")) as address, pytest.raises(TeardownError, match=DOUBT):
        asked(f"https://{address}")


def test_it_lives_whoever_signed_its_certificate(asked: Callable[..., Pulse], tmp_path: Path) -> None:
    from sandbox.proxy import Authority

    context = Authority(tmp_path).context("api.exoscale.com")

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            says("401 Unauthorized")(secure)

    with listening(answer) as address, pytest.raises(TeardownError, match=LIVES):
        asked(f"https://{address}")


@pytest.mark.parametrize("head", ["403 Forbidden", "502 Bad Gateway", "503 Unavailable", "504 upstream timed out"])
def test_a_proxy_that_answers_for_it_proves_nothing(
    asked: Callable[..., Pulse], monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    with listening(says(head)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        with pytest.raises(TeardownError, match=f"{DOUBT}.*{head}"):
            asked("https://api.invalid")


def test_a_dead_proxy_proves_nothing(asked: Callable[..., Pulse], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(TeardownError, match=DOUBT):
            asked("https://api.invalid")


def test_one_that_comes_back_in_time_lives(asked: Callable[..., Pulse], monkeypatch: pytest.MonkeyPatch) -> None:
    asks: list[str] = []

    def get(url: str, **_: object) -> requests.Response:
        asks.append(url)
        if len(asks) < 3:
            raise requests.ConnectTimeout
        return requests.Response()

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr(requests.Response, "close", lambda self: None)
    monkeypatch.setattr("components.teardown.wait.time.sleep", lambda seconds: None)

    with pytest.raises(TeardownError, match=LIVES):
        asked("https://api.invalid", patience=60)
