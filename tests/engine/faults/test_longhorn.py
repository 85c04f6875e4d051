"""Volumes of Longhorn are on the nodes' disks: named before they are lost; and a dead Longhorn holds no destroy."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.faults import Fault
from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject
from tests.engine.faults.users import TRIES, Users, claim
from tools import path_of

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
Left = Callable[[], dict[str, list[str]]]
SPACE = "longhorn-system"
Storage = Callable[[str], dict[str, Any]]


@pytest.fixture
def storage(charts: Callable[[str], Path]) -> Storage:
    """The setting `storage` with Longhorn, from our own chart, and a policy for volumes."""
    longhorn = {"chart": str(charts("longhorn")), "timeout-seconds": 60}
    return lambda policy: {"csi": False, "longhorn": longhorn, "on-destroy": policy}


@pytest.fixture
def store(make_subject: Callable[..., Subject], storage: Storage) -> Callable[[str], Subject]:
    """Brings a stack up whose users keep data on a volume of Longhorn."""

    def up(policy: str) -> Subject:
        subject = make_subject(storage=storage(policy))
        subject.up()
        keep_data(subject.users())
        return subject

    return up


def keep_data(users: Users) -> None:
    users.apply(claim("db", "default", "longhorn"))
    users.kubectl("wait", "pvc/db", "--for=jsonpath={.status.phase}=Bound", "--timeout=60s")


def volume(users: Users) -> str:
    """The name of the one volume."""
    (one,) = users.kubectl.json("get", "volumes.longhorn.io", "-n", SPACE)["items"]
    return f"Longhorn volume {one['metadata']['name']} (default/db)"


def kill_longhorn(users: Users) -> None:
    """Its manager is gone, no node takes the pod of a job, and its webhook lets nobody change its objects."""
    for node in users.kubectl.json("get", "nodes")["items"]:
        users.kubectl("cordon", node["metadata"]["name"])
    nowhere = {"op": "add", "path": "/spec/template/spec/nodeSelector", "value": {"example.com/no": "node"}}
    users.patch("daemonset", "longhorn-manager", nowhere, SPACE)
    users.kubectl("wait", "pods", "-n", SPACE, "-l", "app=longhorn-manager", "--for=delete", "--timeout=60s")
    rule = {"apiGroups": ["longhorn.io"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
    webhook = {
        "name": "validator.longhorn.io",
        "clientConfig": {"service": {"namespace": SPACE, "name": "longhorn-admission-webhook", "port": 9502}},
        "rules": [rule],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    users.apply(yaml.safe_dump({**kind, "metadata": {"name": "longhorn-webhook-validator"}, "webhooks": [webhook]}))
    assert any("failed calling webhook" in refusal(users) for _ in range(TRIES))


def refusal(users: Users) -> str:
    """What the cluster says against deleting the volumes; empty where nothing."""
    try:
        users.kubectl("delete", "volumes.longhorn.io", "--all", "-n", SPACE, "--wait=false", "--dry-run=server")
    except AssertionError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("policy", ["refuse", "keep"])
def test_a_policy_that_deletes_no_data_names_them_and_touches_nothing(
    store: Callable[[str], Subject], storage: Storage, left: Left, assert_gone: AssertGone, policy: str
) -> None:
    subject = store(policy)
    before, name = left(), volume(subject.users())
    assert name in subject.refuses_to_go()
    assert left() == before
    subject.set(storage=storage("delete"))
    subject.up()
    assert name in subject.destroy().stdout
    assert_gone(subject)


def test_longhorn_dead_with_its_webhooks_and_finalizers_left_holds_no_destroy(
    store: Callable[[str], Subject], assert_gone: AssertGone
) -> None:
    subject = store("delete")
    kill_longhorn(subject.users())
    subject.destroy()
    assert_gone(subject)


def test_an_up_again_changes_nothing_and_a_destroy_leaves_nothing(
    make_subject: Callable[..., Subject], storage: Storage, assert_gone: AssertGone
) -> None:
    subject = make_subject(storage=storage("refuse"))
    subject.up()
    assert set(subject.up().summary.resource_changes or {}) == {"same"}
    subject.destroy()
    assert_gone(subject)


def test_longhorn_that_users_installed_themselves_is_data_too(
    make_subject: Callable[..., Subject], charts: Callable[[str], Path], left: Left, assert_gone: AssertGone
) -> None:
    subject = make_subject(storage={"csi": False, "on-destroy": "refuse"})
    subject.up()
    users = subject.users()
    users.namespace(SPACE)
    manifest = helm(users, "template", "longhorn", str(charts("longhorn")), "--no-hooks")
    users.kubectl("apply", "-n", SPACE, "-f", "-", stdin=manifest)
    keep_data(users)
    before, name = left(), volume(users)
    assert name in subject.refuses_to_go()
    assert left() == before
    subject.set(storage={"csi": False, "on-destroy": "delete"})
    subject.up()
    subject.destroy()
    assert_gone(subject)


def test_after_a_destroy_that_was_given_up_an_up_takes_longhorn_and_its_volumes_over(
    store: Callable[[str], Subject], calls: Calls, assert_gone: AssertGone
) -> None:
    subject = store("delete")
    name = volume(subject.users())
    calls.arm(Fault("delete-sks-nodepool", "status", status=403, message="not now"))
    subject.refuses_to_go()
    assert not any("longhorn-release" in urn for urn in subject.recorded())
    subject.up()
    users = subject.users()
    assert volume(users) == name
    (release,) = json.loads(helm(users, "list", "--namespace", SPACE, "--output", "json"))
    assert (release["name"], release["status"]) == ("longhorn", "deployed")
    assert set(subject.up().summary.resource_changes or {}) == {"same"}
    subject.destroy()
    assert_gone(subject)


def test_longhorn_is_uninstalled_from_a_cluster_that_stays_only_when_it_holds_no_data(
    store: Callable[[str], Subject], assert_gone: AssertGone
) -> None:
    subject = store("refuse")
    users = subject.users()
    name = volume(users)
    subject.set(storage={"csi": False, "on-destroy": "refuse"})
    assert name in subject.fails_to_come_up()
    users.kubectl("delete", "pod/db", "pvc/db", "--wait=false")
    users.kubectl("wait", "volumes.longhorn.io", "--all", "-n", SPACE, "--for=delete", "--timeout=60s")
    subject.up()
    assert users.kubectl("get", "daemonsets", "-n", SPACE) == ""
    assert "longhorn.io" not in users.kubectl("get", "customresourcedefinitions", "-o", "name")
    subject.destroy()
    assert_gone(subject)


def test_the_stand_ins_uninstall_job_fails_unless_the_setting_allows_it_as_the_official_one_does(
    make_subject: Callable[..., Subject], charts: Callable[[str], Path], assert_gone: AssertGone
) -> None:
    subject = make_subject(storage={"csi": False, "on-destroy": "refuse"})
    subject.up()
    users = subject.users()
    helm(users, "install", "longhorn", str(charts("longhorn")), "--namespace", SPACE, "--create-namespace", "--wait")
    with pytest.raises(AssertionError, match="job longhorn-uninstall failed"):
        helm(users, "uninstall", "longhorn", "--namespace", SPACE, "--timeout", "60s")
    subject.destroy()
    assert_gone(subject)


def test_a_cluster_with_longhorn_is_replaced(
    make_subject: Callable[..., Subject], storage: Storage, assert_gone: AssertGone
) -> None:
    subject = make_subject(storage=storage("delete"))
    subject.up()
    keep_data(subject.users())
    subject.set(level="pro")
    subject.up()
    keep_data(subject.users())
    subject.destroy()
    assert_gone(subject)


def helm(users: Users, *arguments: str) -> str:
    """Runs the real helm as somebody in the cluster."""
    answer = subprocess.run(
        [str(path_of("helm")), f"--kubeconfig={users.kubectl.file}", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout
