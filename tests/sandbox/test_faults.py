"""Armed faults, seen by the official client."""

import socket
import time
from collections.abc import Callable

import pytest
import requests
from exoscale.api.exceptions import ExoscaleAPIClientException, ExoscaleAPIServerException
from exoscale.api.v2 import Client
from exoscale_auth import ExoscaleV2Auth

from sandbox.api.server import ApiServer
from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud, NoControlPlanes
from sandbox.faults import Fault
from tests.sandbox.waiting import until

CLUSTER = "2f9ec3b2-0a1e-4b0c-9d9a-0d9d2c1b7e11"


@pytest.fixture
def plain(api: ApiServer) -> Client:
    """The official client as it is: it never retries."""
    return Client("EXOtest", "the-secret", url=f"{api.url}/v2")


def names(cloud: Cloud) -> list[str]:
    return [group["name"] for group in cloud.store.list("anti-affinity-group")]


def test_a_status_refuses_the_nth_call_and_does_nothing(plain: Client, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-anti-affinity-group", "status", nth=2, status=409, message="not now"))
    plain.create_anti_affinity_group(name="first")
    with pytest.raises(ExoscaleAPIClientException, match=r'409: \{"message":"not now"\}'):
        plain.create_anti_affinity_group(name="second")
    assert names(cloud) == ["first"]
    plain.create_anti_affinity_group(name="third")
    assert names(cloud) == ["first", "third"]


def test_a_status_that_passes_is_retried_without_the_caller_noticing(client: SandboxClient, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-anti-affinity-group", "status", times=4, status=503))
    client.create_anti_affinity_group(name="patient")
    assert names(cloud) == ["patient"]
    assert len(cloud.faults.fired) == 4


def test_the_client_gives_up_after_five_tries(client: SandboxClient, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-anti-affinity-group", "status", times=5, status=503))
    with pytest.raises(ExoscaleAPIServerException, match=r"503"):
        client.create_anti_affinity_group(name="impatient")
    assert names(cloud) == []


def test_a_fault_for_any_operation_fires_on_the_next_call(plain: Client, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("*", "status", status=500))
    with pytest.raises(ExoscaleAPIServerException):
        plain.list_security_groups()
    plain.list_security_groups()


def test_a_call_that_is_refused_anyway_does_not_count(plain: Client, api: ApiServer, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("list-security-groups", "status"))
    assert requests.get(f"{api.url}/v2/security-group", timeout=10).status_code == 403
    assert len(cloud.faults.armed()) == 1


def test_a_lost_reply_comes_after_the_effect_and_without_an_answer(plain: Client, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-anti-affinity-group", "lose-reply"))
    with pytest.raises(requests.ConnectionError, match="closed connection without response"):
        plain.create_anti_affinity_group(name="lost")
    assert names(cloud) == ["lost"]


def test_a_lost_reply_makes_the_retrying_client_create_twice(client: SandboxClient, cloud: Cloud) -> None:
    cloud.rules.anti_affinity_group_names_unique = False
    cloud.faults.arm(Fault("create-anti-affinity-group", "lose-reply"))
    client.create_anti_affinity_group(name="twice")
    assert names(cloud) == ["twice", "twice"]


def test_where_names_are_unique_the_retry_after_a_lost_reply_is_refused(client: SandboxClient, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-anti-affinity-group", "lose-reply"))
    with pytest.raises(ExoscaleAPIClientException, match=r"409.*already in use"):
        client.create_anti_affinity_group(name="once")
    assert names(cloud) == ["once"]


def test_a_delay_holds_back_one_call_and_no_other(
    client: SandboxClient, connected: Callable[..., SandboxClient], cloud: Cloud
) -> None:
    client.list_security_groups()
    cloud.faults.arm(Fault("list-security-groups", "delay", seconds=0.3))
    started = time.monotonic()
    client.list_security_groups()
    assert time.monotonic() - started >= 0.3
    assert cloud.faults.armed() == []


def test_a_failure_is_accepted_and_ends_with_its_reason_and_leaves_nothing(client: SandboxClient, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-anti-affinity-group", "failure", reason="busy", message="no host"))
    started = client.create_anti_affinity_group(name="unlucky")
    assert started["state"] == "pending"
    with pytest.raises(OperationEnded, match="failure: busy: no host") as caught:
        client.wait(started["id"])
    assert caught.value.operation["reference"] == started["reference"]
    assert names(cloud) == []


class RecordingControlPlanes(NoControlPlanes):
    """Notes which part of which cluster was killed."""

    def __init__(self) -> None:
        self.killed: list[tuple[str, str]] = []

    def kill(self, cluster_id: str, part: str) -> None:
        self.killed.append((cluster_id, part))


@pytest.mark.parametrize("part", ["ccm", "csi"])
def test_the_controller_that_called_dies_after_the_effect_and_before_the_reply(
    api: ApiServer, cloud: Cloud, part: str
) -> None:
    cloud.control_planes = planes = RecordingControlPlanes()
    name = f"sks-{part}-{CLUSTER}"
    cloud.store.put("api-key", {"id": "EXOpart", "key": "EXOpart", "name": name, "_secret": "its-secret"})
    cloud.faults.arm(Fault("create-anti-affinity-group", f"kill-{part}"))
    controller = Client("EXOpart", "its-secret", url=f"{api.url}/v2")
    with pytest.raises(requests.ConnectionError):
        controller.create_anti_affinity_group(name="orphan")
    assert names(cloud) == ["orphan"]
    assert planes.killed == [(CLUSTER, part)]


def test_a_ccm_whose_connections_break_as_it_dies_disturbs_nobody(
    api: ApiServer, cloud: Cloud, plain: Client, caplog: pytest.LogCaptureFixture
) -> None:
    request = requests.Request(
        "GET", f"{api.url}/v2/security-group", auth=ExoscaleV2Auth("EXOccm", "ccm-secret")
    ).prepare()
    connection = socket.create_connection(("127.0.0.1", api.port))

    class Closing(RecordingControlPlanes):
        def kill(self, cluster_id: str, part: str) -> None:
            connection.close()
            super().kill(cluster_id, part)

    cloud.control_planes = planes = Closing()
    name = f"sks-ccm-{CLUSTER}"
    cloud.store.put("api-key", {"id": "EXOccm", "key": "EXOccm", "name": name, "_secret": "ccm-secret"})
    cloud.faults.arm(Fault("list-security-groups", "kill-ccm"))
    lines = ["GET /v2/security-group HTTP/1.1", "Host: x", f"Authorization: {request.headers['Authorization']}", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    until(lambda: planes.killed, "the CCM is killed")
    plain.list_security_groups()
    assert caplog.records == []


def test_a_call_that_no_ccm_made_kills_none(plain: Client, cloud: Cloud) -> None:
    cloud.control_planes = planes = RecordingControlPlanes()
    cloud.faults.arm(Fault("create-anti-affinity-group", "kill-ccm"))
    plain.create_anti_affinity_group(name="person")
    assert planes.killed == []
