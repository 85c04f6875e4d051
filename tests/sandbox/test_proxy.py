"""The proxy, asked by clients that we did not write."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from exoscale.api.v2 import Client
from hypothesis import given
from hypothesis import strategies as st

from sandbox.proxy import Authority, ProxyServer
from sandbox.proxy.routes import Api, Cluster, Elsewhere, Refused, route

Get = Callable[..., requests.Response]

API = "api-ch-gva-2.exoscale.com"
CLUSTER = "0f8aa5a2-7a0e-4c6e-9d5b-3f2f0d8d9c11"
ENDPOINT = f"{CLUSTER}.sks-ch-gva-2.exo.io"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; `/silence` closes without an answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/silence":
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        text = f'{{"zones": [], "path": "{self.path}", "host": "{self.headers["Host"]}", "size": {len(body)}}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_POST = do_GET

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def web() -> Iterator[int]:
    """Port of a small HTTP server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


class Listener:
    """One raw server on loopback, whose single connection the test holds in its hands."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(10)
        self.port: int = self._socket.getsockname()[1]

    def accept(self) -> socket.socket:
        connection, _ = self._socket.accept()
        connection.settimeout(10)
        return connection

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()
    yield one
    one.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def proxy(authority: Authority, web: int, listener: Listener) -> Iterator[ProxyServer]:
    """The API is the small web server, the one cluster's API server is the listener."""
    server = ProxyServer(authority, web, {CLUSTER: listener.port}.__getitem__)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def get(proxy: ProxyServer, authority: Authority) -> Iterator[Get]:
    """`requests.get` through the proxy, with our CA."""
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"http": proxy.url, "https": proxy.url}
        session.verify = str(authority.certificate_file)
        yield lambda url, **options: session.request(options.pop("method", "GET"), url, timeout=10, **options)


def connect(proxy: ProxyServer, target: str) -> tuple[str, socket.socket]:
    """Status line of a CONNECT, and the tunnel behind it."""
    tunnel = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
    tunnel.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += tunnel.recv(1)
    return head.split(b"\r\n")[0].decode(), tunnel


# --- the API at its real name


@pytest.mark.parametrize("host", [API, "api-de-fra-1.exoscale.com", "ppapi-ch-gva-2.exoscale.com"])
def test_every_api_host_ends_at_the_sandbox_with_its_host_header_intact(get: Get, host: str) -> None:
    answer = get(f"https://{host}/v2/zone").json()
    assert (answer["host"], answer["path"]) == (host, "/v2/zone")


def test_upper_case_names_the_same_host(get: Get) -> None:
    assert get("https://API-CH-GVA-2.EXOSCALE.COM/v2/zone").json()["path"] == "/v2/zone"


def test_the_official_client_works_by_environment_alone(
    proxy: ProxyServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate_file))
    client = Client("EXOkey", "secret", zone="ch-gva-2")
    try:
        answer = client.list_zones()
    finally:
        client.http_client.close()
    assert answer["host"] == API


def test_bodies_pass_whole_and_connections_are_reused(get: Get) -> None:
    sizes = [get(f"https://{API}/v2/x", method="POST", data=b"x" * size).json()["size"] for size in (0, 1, 300_000)]
    assert sizes == [0, 1, 300_000]


def test_a_server_that_hangs_up_without_an_answer_hangs_up_on_the_client(get: Get) -> None:
    with pytest.raises(requests.ConnectionError):
        get(f"https://{API}/silence")


def test_a_client_that_does_not_trust_the_sandbox_gets_no_connection(get: Get) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        get(f"https://{API}/v2/zone", verify=True)


def test_tls_for_a_name_that_is_not_the_apis_is_refused(proxy: ProxyServer, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.certificate_file))
    for name in ("exoscale.com", "example.com", ENDPOINT):
        _, tunnel = connect(proxy, f"{API}:443")
        with tunnel, pytest.raises(ssl.SSLError):
            context.wrap_socket(tunnel, server_hostname=name)


# --- names that are not served

REFUSED = [
    "exoscale.com:443",
    f"{API}:80",
    f"{API}:8443",
    f"{API.upper()}:80",
    "portal.exoscale.com.:22",
    "EXOSCALE.COM.:443",
    "sos-ch-gva-2.exo.io:443",
    "exo.io:443",
    "SOS-CH-GVA-2.EXO.IO.:443",
    "api.exoscale.ch:443",
    f"{ENDPOINT}:6443",
    f"x.{ENDPOINT}:443",
]


@pytest.mark.parametrize("target", REFUSED)
def test_other_names_and_ports_of_exoscale_are_refused_and_never_forwarded(proxy: ProxyServer, target: str) -> None:
    status, tunnel = connect(proxy, target)
    tunnel.close()
    host, _, port = target.lower().rpartition(":")
    where = f"https://{host.removesuffix('.')}:{port}"
    assert status == f"HTTP/1.1 403 the sandbox does not answer for {where} and never forwards it"


MALFORMED = [
    "api-ch-gva-2.exoscale.com..:443",
    ".exoscale.com:443",
    "api-ch-gva-2.exoscale.com",
    "api-ch-gva-2.exoscale.com:",
    "api-ch-gva-2.exoscale.com:0443x",
    "api-ch-gva-2.exoscale.com:99999",
    "user@api-ch-gva-2.exoscale.com:443",
    "api-ch-gva-2%2eexoscale.com:443",
    "api-ch-gva-2.exoscale.com\0.example.com:443",
    "api-ch-gva-2.exoscale.com/:443",
    "api-ch-gva-2\texoscale.com:443",
]


@pytest.mark.parametrize("target", MALFORMED)
def test_a_malformed_target_is_refused(proxy: ProxyServer, target: str) -> None:
    status, tunnel = connect(proxy, target)
    tunnel.close()
    assert status.startswith("HTTP/1.1 403 not a host and port: ")


@pytest.mark.parametrize("target", ["api-ch-gva-2.\uff45xoscale.com:443", "api-ch-gva-2\u3002exoscale\uff0ecom:443"])
def test_letters_that_the_resolver_would_map_to_exoscales_are_refused(proxy: ProxyServer, target: str) -> None:
    status, tunnel = connect(proxy, target)
    tunnel.close()
    assert status == "HTTP/1.1 400 not an HTTP request"


@pytest.mark.parametrize(
    "url", [f"http://{API}/v2/zone", "http://exo.io./", f"http://{ENDPOINT}/", "http://a.example/"]
)
def test_plain_http_is_refused_with_the_reason(get: Get, url: str) -> None:
    answer = get(url, method="POST", data=b"x" * 300_000)
    assert answer.status_code == 403
    carries = "the sandbox's proxy carries https, and http only to load balancers"
    assert answer.text == f"{carries}: {url} is forwarded nowhere\n"


def test_a_request_that_is_not_for_a_proxy_is_refused(proxy: ProxyServer) -> None:
    assert requests.get(f"{proxy.url}/v2/zone", timeout=10).status_code == 403


@given(
    prefix=st.text("aA-9_.", max_size=6),
    domain=st.sampled_from(["exoscale.com", "ExoScale.Com", "EXO.IO", "exo.io", "exoscale.ch"]),
    suffix=st.sampled_from(["", ".", "..", "/", "@", " ", "%2e"]),
    port=st.integers(-1, 70000) | st.just(443),
)
def test_no_spelling_of_exoscales_names_leads_elsewhere(prefix: str, domain: str, suffix: str, port: int) -> None:
    separator = "." if prefix else ""
    try:
        destination = route(f"{prefix}{separator}{domain}{suffix}:{port}")
    except Refused:
        return
    assert isinstance(destination, Api)
    assert port == 443


def test_names_that_only_look_like_exoscales_are_ordinary() -> None:
    for host in ("notexoscale.com", "exoscale.com.example.org", "exo.io.example.org", "159.100.1.2"):
        assert route(f"{host}:443") == Elsewhere(host, 443)
    assert route("[2001:DB8::1]:443") == Elsewhere("2001:db8::1", 443)
    assert route(f"{ENDPOINT.upper()}.:443") == Cluster(CLUSTER)


# --- clusters


def test_a_cluster_that_does_not_run_is_refused_by_name(proxy: ProxyServer) -> None:
    unknown = CLUSTER.replace("0", "1")
    status, tunnel = connect(proxy, f"{unknown}.sks-ch-gva-2.exo.io:443")
    tunnel.close()
    assert status == f"HTTP/1.1 403 no SKS cluster {unknown} runs in this sandbox"


def test_a_cluster_whose_api_server_is_dead_takes_the_connection_and_says_nothing(
    proxy: ProxyServer, listener: Listener
) -> None:
    listener.close()
    status, tunnel = connect(proxy, f"{ENDPOINT}:443")
    with tunnel:
        assert status == "HTTP/1.1 200 Connection established"
        tunnel.sendall(b"a TLS hello")
        assert tunnel.recv(1) == b""


def test_the_tunnel_to_a_cluster_is_raw_so_the_clusters_own_certificate_arrives(
    proxy: ProxyServer, listener: Listener, tmp_path: Path
) -> None:
    # The cluster's certificate is not signed by the sandbox's authority: that of another stands for it.
    cluster = Authority(tmp_path / "cluster")
    server = cluster.context(API)
    answers: list[bytes] = []

    def serve() -> None:
        with server.wrap_socket(listener.accept(), server_side=True) as connection:
            answers.append(connection.recv(100))
            connection.sendall(answers[0].upper())

    thread = threading.Thread(target=serve)
    thread.start()
    _, tunnel = connect(proxy, f"{ENDPOINT}:443")
    client = ssl.create_default_context(cafile=str(cluster.certificate_file))
    with client.wrap_socket(tunnel, server_hostname=API) as connection:
        connection.sendall(b"hello")
        assert connection.recv(100) == b"HELLO"
    thread.join()


def test_a_half_open_connection_still_carries_the_answer(proxy: ProxyServer, listener: Listener) -> None:
    _, near = connect(proxy, f"{ENDPOINT}:443")
    with near, listener.accept() as far:
        near.sendall(b"all I had to say")
        near.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: far.recv(100), b""))
        far.sendall(b"answer")
        far.close()
        assert received == b"all I had to say"
        assert b"".join(iter(lambda: near.recv(100), b"")) == b"answer"


@pytest.mark.parametrize("dying", ["client", "server"])
def test_a_reset_on_one_side_resets_the_other(proxy: ProxyServer, listener: Listener, dying: str) -> None:
    _, near = connect(proxy, f"{ENDPOINT}:443")
    with near, listener.accept() as far:
        victim, witness = (near, far) if dying == "client" else (far, near)
        victim.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        victim.close()
        with pytest.raises(ConnectionResetError):
            witness.recv(1)


def test_stopping_the_proxy_ends_its_tunnels(proxy: ProxyServer, listener: Listener) -> None:
    _, near = connect(proxy, f"{ENDPOINT}:443")
    with near, listener.accept() as far:
        proxy.stop()
        for end in (near, far):
            assert end.recv(1) == b""


# --- everybody else


def test_other_hosts_are_reached_directly(proxy: ProxyServer, web: int) -> None:
    status, tunnel = connect(proxy, f"127.0.0.1:{web}")
    with tunnel:
        tunnel.sendall(b"GET /chart HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: tunnel.recv(4096), b""))
    assert status == "HTTP/1.1 200 Connection established"
    assert b'"path": "/chart"' in answer


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0", "224.0.0.1"]
)
def test_an_address_that_no_public_server_has_is_refused(proxy: ProxyServer, address: str) -> None:
    status, tunnel = connect(proxy, f"{address}:80")
    tunnel.close()
    assert status.startswith("HTTP/1.1 403 ")
    assert status.endswith(", where the sandbox's proxy never goes")


def test_a_host_that_refuses_is_reported_as_such(proxy: ProxyServer, listener: Listener) -> None:
    listener.close()
    status, tunnel = connect(proxy, f"127.0.0.1:{listener.port}")
    tunnel.close()
    assert status.startswith(f"HTTP/1.1 502 127.0.0.1:{listener.port} cannot be reached: ")


def test_a_taken_port_is_an_error_and_the_proxy_can_be_forgotten(
    proxy: ProxyServer, authority: Authority, web: int
) -> None:
    with pytest.raises(OSError, match="address already in use"):
        ProxyServer(authority, web, lambda _: 0, port=proxy.port).start()
