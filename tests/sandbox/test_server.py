"""The server: routing, zones, envelopes, time, and bugs of our own that must be loud."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests
from exoscale.api.exceptions import ExoscaleAPIClientException, ExoscaleAPIServerException
from exoscale_auth import ExoscaleV2Auth

from sandbox.api import families
from sandbox.api.routes import HANDLERS, Call, operation
from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient
from sandbox.clock import Clock
from sandbox.cloud import Cloud
from sandbox.operations import EFFECTS, effect
from sandbox.store import Document
from tests.sandbox.waiting import until

UNKNOWN = "2f9ec3b2-0a1e-4b0c-9d9a-0d9d2c1b7e11"
AUTH = ExoscaleV2Auth("EXOtest", "the-secret")


@pytest.fixture(autouse=True)
def _handlers_are_put_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    families.load()  # else there is nothing to put back when this file runs first
    handlers, effects = dict(HANDLERS), dict(EFFECTS)
    yield
    for registered, before in ((HANDLERS, handlers), (EFFECTS, effects)):
        registered.clear()
        registered.update(before)  # type: ignore[arg-type]


def test_it_listens_on_loopback_only(api: ApiServer) -> None:
    assert api.url == f"http://127.0.0.1:{api.port}"
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", api.port))


def test_a_port_can_be_chosen_and_is_free_again_after_the_end(cloud: Cloud, api: ApiServer) -> None:
    with pytest.raises(OSError, match="in use"):
        ApiServer(cloud, "token", api.port)
    with ApiServer(cloud, "token") as first:
        pass
    with ApiServer(cloud, "token", first.port) as second:
        assert requests.get(f"{second.url}/v2/zone", timeout=10).ok


@pytest.mark.parametrize("path", ["/v2/nothing", "/v2/zone/", "/v2", "/", "/v1/zone", "/zone/mars-1/v2/zone", "/zone"])
def test_an_unknown_path_is_a_404_with_a_message(api: ApiServer, path: str) -> None:
    answer = requests.get(f"{api.url}{path}", timeout=10)
    assert answer.status_code == 404
    assert answer.json() == {"message": f"GET {path} not found"}


def test_an_unknown_method_is_a_404_with_a_message(api: ApiServer) -> None:
    assert requests.patch(f"{api.url}/v2/zone", timeout=10).json() == {"message": "PATCH /v2/zone not found"}


def test_an_unknown_id_is_a_404_with_a_message(client: SandboxClient) -> None:
    with pytest.raises(ExoscaleAPIClientException, match=r"404.*Security group .* not found") as caught:
        client.get_security_group(id=UNKNOWN)
    assert caught.value.response.headers["content-type"] == "application/json"


def test_an_operation_that_is_not_simulated_says_its_name(client: SandboxClient) -> None:
    with pytest.raises(ExoscaleAPIServerException, match=r"501.*the sandbox does not simulate list-vpcs"):
        client.list_vpcs()


def test_an_invalid_request_is_a_400_with_all_errors(api: ApiServer) -> None:
    answer = requests.post(f"{api.url}/v2/security-group", json={"name": ""}, auth=AUTH, timeout=10)
    assert answer.status_code == 400
    body = answer.json()
    assert body["message"].startswith("Invalid request: name: ")
    assert [list(error) for error in body["errors"]] == [["message"]]


def test_a_change_is_a_200_with_a_pending_operation(api: ApiServer) -> None:
    answer = requests.post(f"{api.url}/v2/security-group", json={"name": "mine"}, auth=AUTH, timeout=10)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["state"] == "pending"
    assert answer.json()["reference"]["command"] == "get-security-group"


def test_an_answer_that_breaks_the_document_is_our_bug_and_says_where(
    client: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    @operation("list-dns-domains")
    def broken(cloud: Cloud, call: Call) -> Document:
        return {"dns-domains": "none"}

    with pytest.raises(ExoscaleAPIServerException, match=r"500.*bug in the sandbox: answer of list-dns-domains"):
        client.list_dns_domains()
    assert "properties/dns-domains/type" in caplog.text


def test_a_crash_of_a_handler_is_a_500_and_logged_with_its_trace(
    client: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    @operation("list-dns-domains")
    def broken(cloud: Cloud, call: Call) -> Document:
        raise KeyError("oops")

    with pytest.raises(ExoscaleAPIServerException, match="bug in the sandbox: list-dns-domains: KeyError: 'oops'"):
        client.list_dns_domains()
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("path", "host", "zone"),
    [
        ("/v2/dns-domain", None, "ch-gva-2"),
        ("/zone/de-fra-1/v2/dns-domain", None, "de-fra-1"),
        ("/v2/dns-domain", "api-at-vie-1.exoscale.com", "at-vie-1"),
        ("/v2/dns-domain", "api-at-vie-1.exoscale.com:443", "at-vie-1"),
        ("/v2/dns-domain", "evil-api-at-vie-1.exoscale.com", "ch-gva-2"),
    ],
)
def test_prefix_or_host_name_the_zone(api: ApiServer, path: str, host: str | None, zone: str) -> None:
    seen: list[Call] = []

    @operation("list-dns-domains")
    def listed(cloud: Cloud, call: Call) -> Document:
        seen.append(call)
        return {"dns-domains": []}

    headers = {"Host": host} if host else {}
    assert requests.get(f"{api.url}{path}", headers=headers, auth=AUTH, timeout=10).ok
    assert (seen[0].zone, seen[0].key) == (zone, "EXOtest")
    assert seen[0].through_proxy == bool(host and host.startswith("api-"))


def test_a_handler_has_the_lock_and_does_not_block_the_server(
    connected: Callable[..., SandboxClient], api: ApiServer
) -> None:
    entered, released = threading.Event(), threading.Event()

    @operation("list-dns-domains")
    def slow(cloud: Cloud, call: Call) -> Document:
        entered.set()
        assert released.wait(10)
        return {"dns-domains": []}

    asking = threading.Thread(target=connected().list_dns_domains)
    asking.start()
    assert entered.wait(10)
    waiting = threading.Thread(target=connected().list_security_groups)
    waiting.start()
    # Refusals need no lock, so they are answered meanwhile; the other handler has to wait.
    assert requests.get(f"{api.url}/v2/nothing", timeout=10).status_code == 404
    waiting.join(0.05)
    assert waiting.is_alive()
    released.set()
    asking.join(10)
    waiting.join(10)
    assert not waiting.is_alive()


def test_an_operation_ends_in_its_time_also_when_nobody_polls(client: SandboxClient, cloud: Cloud) -> None:
    cloud.clock = Clock(pace=0.1)  # 0.2 s for a security group
    started = client.create_security_group(name="mine")
    assert client.get_operation(id=started["id"])["state"] == "pending"
    until(lambda: (cloud.store.get("operation", started["id"]) or {})["state"] == "success", "the operation ends")


def test_an_effect_that_crashes_ends_its_operation_as_a_failure(
    client: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    @effect("create-security-group", "finish")
    def crash(cloud: Cloud, started: Document) -> None:
        raise KeyError("oops")

    started = client.create_security_group(name="mine")
    try:
        ended = client.get_operation(id=started["id"])
    finally:
        EFFECTS["create-security-group"].finish = None
    assert (ended["state"], ended["reason"], ended["message"]) == ("failure", "fault", "KeyError: 'oops'")
    assert "create-security-group failed" in caplog.text


def test_many_clients_at_once_lose_nothing(connected: Callable[..., SandboxClient], cloud: Cloud) -> None:
    def create(number: int) -> None:
        client = connected()
        client.wait(client.create_anti_affinity_group(name=f"group-{number}")["id"])

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert {group["name"] for group in cloud.store.list("anti-affinity-group")} == {f"group-{n}" for n in range(8)}


def test_requests_on_one_connection_do_not_wait_for_acknowledgements(client: SandboxClient) -> None:
    def seconds() -> float:
        started = time.monotonic()
        client.list_security_groups()
        return time.monotonic() - started

    seconds()
    # Nagle's algorithm holds back every one of them by 40 ms; a busy machine does not.
    assert min(seconds() for _ in range(20)) < 0.04


def test_the_end_of_the_server_is_quiet(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), ApiServer(cloud, "token") as server:
        requests.get(f"{server.url}/v2/zone", timeout=10)
    assert caplog.records == []


def test_a_client_that_goes_away_in_the_middle_of_a_request_disturbs_nobody(
    api: ApiServer, client: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", api.port)) as connection:
        connection.sendall(b"POST /v2/security-group HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    client.list_security_groups()
    assert caplog.records == []
