"""The proxy between a control plane and its nodes."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.clusters.authorities import Authorities
from sandbox.clusters.konnectivity import Konnectivity

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    """A cluster's certificates."""
    Authorities(tmp_path / "pki").create("some-id", "some-id.sks-ch-gva-2.exo.io")
    return tmp_path / "pki"


@pytest.fixture
def proxy(pki: Path) -> Iterator[Konnectivity]:
    """A running one without routes."""
    proxy = Konnectivity(pki)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def kubelet() -> Iterator[int]:
    """Port of a server that answers one connection with what it hears, in capitals."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(connection.recv(100).upper())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def _ask(connection: socket.socket, target: str, expected: bytes, method: str = "CONNECT") -> None:
    connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    answer = b""
    while len(answer) < len(expected):
        more = connection.recv(len(expected) - len(answer))
        assert more, answer
        answer += more
    assert answer == expected


def _what_comes(connection: socket.socket, target: str) -> bytes:
    """The answer; empty when the connection ends without one, however it ends."""
    with contextlib.suppress(OSError):
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
        return connection.recv(100)
    return b""


def test_a_kubelet_of_any_address_is_reached_on_loopback(proxy: Konnectivity, kubelet: int) -> None:
    proxy.route(":10250", kubelet)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        _ask(connection, "203.0.113.7:10250", ESTABLISHED)
        connection.sendall(b"hello")
        assert connection.recv(100) == b"HELLO"
        assert connection.recv(100) == b""  # the far end's close arrives here


def test_an_address_without_a_route_is_refused_and_never_dialled(proxy: Konnectivity) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        _ask(connection, "203.0.113.7:443", b"HTTP/1.1 502 Bad Gateway\r\n\r\n")


def test_what_a_web_page_can_send_opens_no_tunnel(proxy: Konnectivity, kubelet: int) -> None:
    proxy.route(":10250", kubelet)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        _ask(connection, "203.0.113.7:10250", b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "POST")


def test_the_secure_port_takes_only_clients_of_the_cluster(proxy: Konnectivity, pki: Path, kubelet: int) -> None:
    proxy.route(":10250", kubelet)
    context = ssl.create_default_context(cafile=pki / "ca.crt")
    with (
        socket.create_connection(("127.0.0.1", proxy.secure_port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as stranger,
    ):
        # In TLS 1.3 the client's handshake is over before the server has seen that the certificate is missing.
        assert _what_comes(stranger, "203.0.113.7:10250") == b""

    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    with (
        socket.create_connection(("127.0.0.1", proxy.secure_port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as member,
    ):
        _ask(member, "203.0.113.7:10250", ESTABLISHED)
        member.sendall(b"hello")
        assert member.recv(100) == b"HELLO"


def test_stopping_closes_open_tunnels(pki: Path) -> None:
    proxy = Konnectivity(pki)
    proxy.start()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy.route(":10250", silent.getsockname()[1])
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
            _ask(connection, "203.0.113.7:10250", ESTABLISHED)
            proxy.stop()
            assert connection.recv(1) == b""
