"""What a client gets at a load balancer's address, over loopback and through the sandbox's proxy."""

import base64
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from sandbox.proxy import Authority, ProxyServer
from sandbox.traffic.listeners import Listeners
from tests.sandbox.traffic.objects import ingress, path, secret, service, slice_of
from tests.sandbox.traffic.world import World

HOST = "app.example"
APP = (service("app"), slice_of("app", ("app-1", "node-1")))
TLS = [{"hosts": [HOST], "secretName": "pair"}]


def get(world: World, target: str = "/", host: str = HOST, **options: Any) -> requests.Response:
    """Asks over loopback, as a client without a proxy."""
    with requests.Session() as session:
        session.trust_env = False
        url = f"http://127.0.0.1:{world.local()}{target}"
        return session.get(url, headers={"Host": host}, allow_redirects=False, timeout=10, **options)


@contextmanager
def over_tls(world: World, host: str) -> Iterator[ssl.SSLSocket]:
    """A TLS connection for this name, whatever certificate is shown."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", world.local(443)), 10) as plain:
        yield context.wrap_socket(plain, server_hostname=host)


def certificate(world: World, host: str) -> bytes:
    with over_tls(world, host) as connection, connection:
        return connection.getpeercert(binary_form=True) or b""


@pytest.fixture
def proxy(world: World, tmp_path: Path) -> Iterator[ProxyServer]:
    server = ProxyServer(Authority(tmp_path), 0, lambda id_: 0, balancer_port=world.listeners.local_port)
    server.start()
    yield server
    server.stop()


def through(proxy: ProxyServer, url: str, **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"http": proxy.url, "https": proxy.url}
        return session.get(url, allow_redirects=False, timeout=10, **options)


# --- the page


@pytest.mark.parametrize("kind", ["f5", "ingress-nginx", "traefik"])
def test_the_page_names_the_pod_behind_the_ingress_and_says_that_it_is_simulated(world: World, kind: str) -> None:
    world.run(kind, *APP, ingress("roll", path("/rickroller"), host=HOST))
    answer = get(world, "/rickroller?x=<y>")
    assert answer.status_code == 200
    shown = {name.removeprefix("X-Sandbox-"): value for name, value in answer.headers.items() if "Sandbox" in name}
    assert (
        shown.items()
        >= {
            "Host": HOST,
            "Ingress": "demo/roll",
            "Service": "demo/app",
            "Port": "80",
            "Pod": "demo/app-1",
            "Node": "node-1",
            "Path": "/rickroller",
            "Load-Balancer": f"nlb ({world.address})",
        }.items()
    )
    assert "Simulated: no container runs in the sandbox." in answer.text
    assert all(value in answer.text for value in ("demo/roll", "demo/app-1", "node-1"))


def test_what_the_client_sends_is_escaped(world: World) -> None:
    world.run("", *APP)
    connection = HTTPConnection("127.0.0.1", world.local(), timeout=10)
    connection.request("GET", "/<script>")
    text = connection.getresponse().read().decode()
    connection.close()
    assert "<script>" not in text
    assert "/&lt;script&gt;" in text


def test_pods_that_run_no_controller_are_named_themselves(world: World) -> None:
    world.run("", *APP)
    answer = get(world, "/any")
    assert answer.status_code == 200
    assert (answer.headers["X-Sandbox-Service"], answer.headers["X-Sandbox-Pod"]) == (
        "ingress/front",
        "ingress/front-1",
    )


@pytest.mark.parametrize(("kind", "status"), [("f5", 502), ("ingress-nginx", 503), ("traefik", 503)])
def test_without_ready_endpoints_it_is_the_controllers_error(world: World, kind: str, status: int) -> None:
    world.run(kind, service("app"), ingress("i", path(), host=HOST))
    answer = get(world)
    assert (answer.status_code, answer.headers["X-Sandbox-Service"]) == (status, "demo/app")
    assert answer.headers["X-Sandbox-Why"] == "its Service has no ready endpoint"


@pytest.mark.parametrize("kind", ["f5", "ingress-nginx", "traefik"])
def test_a_path_without_a_rule_is_not_found(world: World, kind: str) -> None:
    world.run(kind, *APP, ingress("i", path("/a"), host=HOST))
    answer = get(world, "/b")
    assert answer.status_code == 404
    assert "404" in answer.text


# --- what is in front of the pods


def test_only_members_whose_check_succeeds_get_traffic(world: World) -> None:
    world.run("f5", *APP, ingress("i", path(), host=HOST))
    assert world.health() == ["success", "failure"]
    assert {get(world).status_code for _ in range(4)} == {200}


def test_without_a_ready_pod_of_the_controller_nothing_answers(world: World) -> None:
    world.run("f5")
    assert world.health() == ["failure", "failure"]
    answer = get(world)
    assert answer.status_code == 503
    assert answer.headers["X-Sandbox-Why"].startswith("of 2 members of its pool none passes the health check")


def test_a_cluster_that_was_not_seen_yet_is_taken_to_answer_its_checks(world: World) -> None:
    assert world.health() == ["success", "success"]
    assert "has not answered yet" in get(world).headers["X-Sandbox-Why"]


def test_a_closed_security_group_lets_nothing_through(world: World) -> None:
    world.run("f5", *APP, ingress("i", path(), host=HOST))
    group, rule = world.rule
    (old,) = world.bench.client.get_security_group(id=group)["rules"]
    world.bench.done(world.bench.client.delete_rule_from_security_group(id=group, rule_id=old["id"]))
    only_check = {**rule, "start_port": 31000, "end_port": 31000}
    world.bench.done(world.bench.client.add_rule_to_security_group(id=group, network="0.0.0.0/0", **only_check))
    assert get(world).headers["X-Sandbox-Why"] == "the security groups of the nodes do not admit port 30080"


def test_a_deleted_load_balancer_answers_no_more_and_its_port_is_closed(world: World) -> None:
    world.run("f5", *APP, ingress("i", path(), host=HOST))
    url = f"http://127.0.0.1:{world.local()}/"
    world.bench.done(world.bench.client.delete_load_balancer(id=world.balancer))
    assert get_status(url) == 503
    assert world.listeners.addresses() == []
    with pytest.raises(requests.ConnectionError):
        get_status(url)


def get_status(url: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=10).status_code


# --- TLS


def test_over_tls_the_secret_of_the_ingress_is_shown(world: World) -> None:
    pair = secret("pair", HOST)
    world.run("f5", *APP, ingress("i", path(), host=HOST, tls=TLS), pair)
    with over_tls(world, HOST) as connection, connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.getheader("X-Sandbox-Service") == "demo/app"
    assert certificate(world, HOST) == der(pair["data"]["tls.crt"])


def der(encoded: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert(base64.b64decode(encoded).decode())


def test_f5_refuses_a_handshake_for_an_unknown_name_where_the_others_show_their_own(world: World) -> None:
    world.run("f5", *APP)
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        certificate(world, "other.example")
    for kind, name in (("ingress-nginx", b"Kubernetes Ingress Controller Fake"), ("traefik", b"TRAEFIK DEFAULT CERT")):
        world.run(kind, *APP)
        assert name in certificate(world, "other.example")


@pytest.mark.parametrize("kind", ["f5", "ingress-nginx", "traefik"])
def test_plain_http_at_the_tls_port_is_a_bad_request(world: World, kind: str) -> None:
    world.run(kind, *APP, ingress("i", path(), host=HOST))
    assert get_status(f"http://127.0.0.1:{world.local(443)}/") == 400


def test_on_loopback_a_redirect_leads_to_the_listener_for_https(world: World) -> None:
    world.run("ingress-nginx", *APP, ingress("i", path(), host=HOST, tls=TLS))
    assert get(world, "/a").headers["Location"] == f"https://{HOST}/a"
    here = get(world, "/a", host=f"{HOST}.localhost:{world.local()}")
    assert here.headers["Location"] == f"https://{HOST}.localhost:{world.local(443)}/a"


# --- through the proxy


def test_the_proxy_leads_to_an_address_and_to_names_that_mean_it(world: World, proxy: ProxyServer) -> None:
    name = f"demo.{world.address.replace('.', '-')}.nip.io"
    world.run("ingress-nginx", *APP, ingress("any", path("/a")), ingress("named", path("/b"), host=name))
    assert through(proxy, f"http://{world.address}/a?b#c").headers["X-Sandbox-Ingress"] == "demo/any"
    assert through(proxy, f"http://{name}/b").headers["X-Sandbox-Ingress"] == "demo/named"


def test_the_proxy_carries_https_to_it(world: World, proxy: ProxyServer) -> None:
    name = f"{world.address.replace('.', '-')}.nip.io"
    world.run("ingress-nginx", *APP, ingress("i", path(), host=name))
    with pytest.warns(urllib3.exceptions.InsecureRequestWarning):
        answer = through(proxy, f"https://{name}/", verify=False)
    assert answer.headers["X-Sandbox-Service"] == "demo/app"


def test_several_requests_on_one_connection_reach_their_own_servers(world: World, proxy: ProxyServer) -> None:
    world.run("ingress-nginx", *APP, ingress("any", path("/")))
    with requests.Session() as session:
        session.trust_env, session.proxies = False, {"http": proxy.url}
        assert session.get(f"http://{world.address}/", timeout=10).status_code == 200
        assert session.post("http://a.example/", timeout=10, data=b"x" * 99999).status_code == 403
        assert session.post(f"http://{world.address}/", timeout=10, data=b"x" * 99999).status_code == 200


def test_the_proxy_says_so_where_no_load_balancer_is(world: World, proxy: ProxyServer) -> None:
    assert "no load balancer with a service has the address" in through(proxy, "http://198.19.255.1/").text
    assert f"{world.address} has no service on port 81" in through(proxy, f"http://{world.address}:81/").text


# --- ports


def test_a_port_on_loopback_stays_after_a_restart(world: World) -> None:
    world.run("f5", *APP)
    before = world.local()
    world.listeners.stop()
    again = Listeners(world.bench.cloud, world.ways, world.listeners._file)
    again.start()
    try:
        assert get_status(f"http://127.0.0.1:{before}/") == 404
        assert next(one["local-port"] for one in again.addresses()) == before
    finally:
        again.stop()


def test_the_admin_api_lists_the_addresses_with_their_load_balancer(
    world: World, admin: Callable[..., requests.Response]
) -> None:
    assert admin("GET", "addresses").json()["addresses"] == [
        {"address": world.address, "port": port, "load-balancer": "nlb", "local-port": world.local(port)}
        for port in (80, 443)
    ]
