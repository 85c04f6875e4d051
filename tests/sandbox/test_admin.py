"""The admin API: for the person at this machine, and nobody's web page."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from exoscale.api.exceptions import ExoscaleAPIAuthException

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud, NoControlPlanes

CLUSTER = "2f9ec3b2-0a1e-4b0c-9d9a-0d9d2c1b7e11"
Admin = Callable[..., requests.Response]


class RecordingControlPlanes(NoControlPlanes):
    """Notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def kill(self, cluster_id: str, part: str) -> None:
        self.asked.append(("kill", cluster_id, part))

    def revive(self, cluster_id: str, part: str) -> None:
        self.asked.append(("revive", cluster_id, part))

    def delete(self, cluster_id: str) -> None:
        self.asked.append(("delete", cluster_id))


@pytest.fixture
def planes(cloud: Cloud) -> RecordingControlPlanes:
    """The control planes of a cloud with one cluster."""
    cloud.control_planes = planes = RecordingControlPlanes()
    cloud.store.put("sks-cluster", {"id": CLUSTER, "name": "prod", "state": "running", "_zone": "ch-gva-2"})
    name = f"sks-ccm-{CLUSTER}"
    cloud.store.put("api-key", {"id": "EXOccm", "key": "EXOccm", "name": name, "_secret": "ccm-secret"})
    return planes


@pytest.mark.parametrize("token", ["", "wrong"])
@pytest.mark.parametrize(("method", "path"), [("GET", "status"), ("POST", "reset"), ("DELETE", "faults")])
def test_nothing_is_done_without_the_token(
    admin: Admin, planes: RecordingControlPlanes, method: str, path: str, token: str
) -> None:
    answer = admin(method, path, token=token)
    assert (answer.status_code, answer.json()) == (403, {"message": "X-Sandbox-Token is missing or wrong"})
    assert planes.asked == []


def test_an_unknown_call_is_a_404_with_a_message(admin: Admin) -> None:
    assert admin("GET", "nothing").status_code == 404
    assert "message" in admin("GET", "nothing").json()
    assert admin("GET", "reset").status_code == 405


def test_the_status_says_what_the_cloud_holds(
    admin: Admin, client: SandboxClient, settle: Callable[..., str], planes: RecordingControlPlanes
) -> None:
    group = settle(client.create_anti_affinity_group(name="apart"))
    status = admin("GET", "status").json()
    assert status["pace"] == 0
    assert status["clusters"] == [{"id": CLUSTER, "name": "prod", "state": "running", "zone": "ch-gva-2"}]
    assert status["objects"]["anti-affinity-group"] == [{"id": group, "name": "apart"}]
    assert status["keys"] == [
        {"name": "sandbox", "organization": "sandbox", "expired": False},
        {"name": f"sks-ccm-{CLUSTER}", "organization": "sandbox", "expired": False},
    ]
    assert status["pending"] == []
    assert status["rules"]["nodepool_locked_by_load_balancer"] is True
    assert "secret" not in str(status)


def test_a_fault_is_armed_fires_and_is_told(admin: Admin, client: SandboxClient) -> None:
    fault = {"operation": "list-security-groups", "effect": "status", "status": 500, "message": "no"}
    assert admin("POST", "faults", fault).json()["nth"] == 1
    assert [armed["status"] for armed in admin("GET", "status").json()["faults"]["armed"]] == [500]
    client.list_security_groups()
    faults = admin("GET", "status").json()["faults"]
    assert (faults["armed"], [fired["operation"] for fired in faults["fired"]]) == ([], ["list-security-groups"])


def test_faults_are_disarmed(admin: Admin, client: SandboxClient, cloud: Cloud) -> None:
    admin("POST", "faults", {"operation": "*", "effect": "delay", "seconds": 5})
    assert admin("DELETE", "faults").json() == {"disarmed": 1}
    assert cloud.faults.armed() == []


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ([], "a fault is a JSON object"),
        ({"operation": "*"}, "effect: missing"),
        ({"effect": "delay"}, "operation: missing"),
        ({"operation": "create-ship", "effect": "delay"}, "operation: 'create-ship' must be an operation id"),
        ({"operation": "*", "effect": "explode"}, "effect: 'explode' must be one of status, lose-reply, delay"),
        ({"operation": "*", "effect": "delay", "nth": 0}, "nth: 0 must be 1 or more"),
        ({"operation": "*", "effect": "delay", "times": True}, "times: True is not of type int"),
        ({"operation": "*", "effect": "status", "status": 200}, "status: 200 must be between 400 and 599"),
        ({"operation": "*", "effect": "delay", "seconds": -1}, "seconds: -1 must be between 0 and 3600"),
        ({"operation": "*", "effect": "delay", "seconds": "1"}, "seconds: '1' is not of type float"),
        ({"operation": "*", "effect": "failure", "reason": "bored"}, "reason: 'bored' must be one of busy, conflict"),
        ({"operation": "*", "effect": "delay", "when": 1}, "when: no such field"),
    ],
)
def test_a_bad_fault_is_refused_in_one_line(admin: Admin, cloud: Cloud, fault: Any, message: str) -> None:
    answer = admin("POST", "faults", fault)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)
    assert cloud.faults.armed() == []


def test_reset_leaves_the_persons_key_with_its_organisation_and_nothing_else(
    admin: Admin, client: SandboxClient, cloud: Cloud, planes: RecordingControlPlanes
) -> None:
    client.create_anti_affinity_group(name="apart")
    admin("POST", "faults", {"operation": "*", "effect": "delay", "seconds": 5})
    admin("POST", "keys/sandbox/expire")
    assert admin("POST", "reset").json() == {"deleted": {"anti-affinity-group": 1, "api-key": 1, "sks-cluster": 1}}
    assert planes.asked == [("delete", CLUSTER)]
    assert sorted(cloud.store.kinds()) == ["api-key", "organization"]
    assert client.list_anti_affinity_groups() == {"anti-affinity-groups": []}


def test_parts_of_a_cluster_are_killed_and_revived(admin: Admin, planes: RecordingControlPlanes) -> None:
    assert admin("POST", f"clusters/{CLUSTER}/kill/ccm").ok
    assert admin("POST", f"clusters/{CLUSTER}/kill/csi").ok
    assert admin("POST", f"clusters/{CLUSTER}/revive/api-server").ok
    assert planes.asked == [("kill", CLUSTER, "ccm"), ("kill", CLUSTER, "csi"), ("revive", CLUSTER, "api-server")]


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"{CLUSTER}/kill/etcd", 400), (f"{CLUSTER}/hug/ccm", 400), ("another/kill/ccm", 404)],
)
def test_what_cannot_be_killed_is_refused(admin: Admin, planes: RecordingControlPlanes, path: str, status: int) -> None:
    answer = admin("POST", f"clusters/{path}")
    assert answer.status_code == status
    assert answer.json()["message"]
    assert planes.asked == []


def test_a_key_expires_and_is_restored_by_its_name(
    admin: Admin, connected: Callable[..., SandboxClient], planes: RecordingControlPlanes
) -> None:
    ccm, person = connected("EXOccm", "ccm-secret"), connected()
    assert admin("POST", f"keys/sks-ccm-{CLUSTER}/expire").json()["keys"] == 1
    with pytest.raises(ExoscaleAPIAuthException):
        ccm.list_security_groups()
    person.list_security_groups()
    assert [key["expired"] for key in admin("GET", "status").json()["keys"]] == [False, True]
    admin("POST", f"keys/sks-ccm-{CLUSTER}/restore")
    ccm.list_security_groups()
    assert [key["expired"] for key in admin("GET", "status").json()["keys"]] == [False, False]
    assert admin("POST", "keys/nobody/expire").status_code == 404
