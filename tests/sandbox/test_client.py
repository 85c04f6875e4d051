"""Our client: the official one, with the waiting and the retries of Exoscale's Go clients."""

import time
from collections.abc import Callable

import pytest
import requests
from exoscale.api.exceptions import ExoscaleAPIServerException
from exoscale.api.v2 import Client

from sandbox.api.server import ApiServer
from sandbox.client import OperationTimedOut, SandboxClient, connect
from sandbox.clock import Clock
from sandbox.cloud import Cloud
from sandbox.faults import Fault


def test_it_is_the_official_client_at_the_endpoint_of_a_zone(api: ApiServer) -> None:
    client = connect(api.url, "EXOtest", "the-secret", "de-fra-1")
    assert isinstance(client, Client)
    assert client.endpoint == f"{api.url}/zone/de-fra-1/v2"


def test_the_first_look_at_an_operation_comes_after_one_interval(api: ApiServer, cloud: Cloud) -> None:
    client = connect(api.url, "EXOtest", "the-secret", "ch-gva-2", poll_seconds=0.2)
    started = client.create_anti_affinity_group(name="apart")
    before = time.monotonic()
    assert client.wait(started["id"])["state"] == "success"
    assert time.monotonic() - before >= 0.2


def test_it_waits_until_the_operation_ends(client: SandboxClient, cloud: Cloud) -> None:
    cloud.clock = Clock(pace=0.05)  # 0.1 s
    started = client.create_anti_affinity_group(name="apart")
    before = time.monotonic()
    assert client.wait(started["id"])["state"] == "success"
    assert time.monotonic() - before > 0.05


def test_it_does_not_wait_for_ever_where_a_limit_is_given(client: SandboxClient, cloud: Cloud) -> None:
    cloud.clock = Clock(pace=100)
    started = client.create_anti_affinity_group(name="apart")
    with pytest.raises(OperationTimedOut, match=started["id"]):
        client.wait(started["id"], max_wait_time=0.05)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_every_passing_refusal_is_retried(client: SandboxClient, cloud: Cloud, status: int) -> None:
    cloud.faults.arm(Fault("list-security-groups", "status", status=status))
    client.list_security_groups()
    assert len(cloud.faults.fired) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 501])
def test_a_final_refusal_is_not_retried(client: SandboxClient, cloud: Cloud, status: int) -> None:
    cloud.faults.arm(Fault("list-security-groups", "status", status=status, times=2))
    with pytest.raises(Exception, match=f"error {status}"):
        client.list_security_groups()
    assert len(cloud.faults.fired) == 1


def test_the_pause_before_a_retry_doubles(api: ApiServer, cloud: Cloud) -> None:
    client = connect(api.url, "EXOtest", "the-secret", "ch-gva-2", backoff_seconds=0.02)
    cloud.faults.arm(Fault("list-security-groups", "status", times=5))
    before = time.monotonic()
    with pytest.raises(ExoscaleAPIServerException):
        client.list_security_groups()
    assert time.monotonic() - before >= 0.3  # 0.02 + 0.04 + 0.08 + 0.16


def test_a_lost_connection_is_retried_until_it_gives_up(connected: Callable[..., SandboxClient], cloud: Cloud) -> None:
    cloud.faults.arm(Fault("list-security-groups", "lose-reply", times=4))
    connected().list_security_groups()
    cloud.faults.arm(Fault("list-security-groups", "lose-reply", times=5))
    with pytest.raises(requests.ConnectionError):
        connected().list_security_groups()


def test_it_goes_past_any_proxy_of_the_environment(
    connected: Callable[..., SandboxClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    connected().list_security_groups()
    connected().list_zones()
