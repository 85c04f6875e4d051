"""Storage comes with its addon and goes with its cluster, in a whole sandbox."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.client import SandboxClient, connect
from sandbox.sandbox import Sandbox
from tests.sandbox.ccm.world import ZONE
from tests.sandbox.csi.stored_cluster import CSI
from tests.sandbox.sks_bench import SMALL
from tests.sandbox.waiting import eventually
from tools import path_of

pytestmark = pytest.mark.engine

CCM = "exoscale-cloud-controller"
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data", "namespace": "default"},
    "spec": {
        "storageClassName": "exoscale-sbs",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "10Gi"}},
    },
}
Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def api(sandbox: Sandbox) -> Iterator[SandboxClient]:
    client = connect(sandbox.url, sandbox.key, sandbox.secret, ZONE, poll_seconds=0.05)
    yield client
    client.http_client.close()


@pytest.fixture(scope="module")
def cluster(api: SandboxClient) -> str:
    """Id of a cluster with one node and no storage."""
    version = api.list_sks_cluster_versions()["sks-cluster-versions"][0]
    started = api.create_sks_cluster(name="test", level="starter", version=version, cni="calico", addons=[CCM])
    id_ = str(api.wait(started["id"])["reference"]["id"])
    started = api.create_sks_nodepool(id=id_, name="pool", size=1, disk_size=20, instance_type=SMALL)
    api.wait(started["id"])
    return id_


@pytest.fixture(scope="module")
def kubectl(sandbox: Sandbox, cluster: str) -> Kubectl:
    """Runs kubectl as the cluster's administrator and returns what it prints."""
    kubeconfig = f"--kubeconfig={sandbox.control_planes.admin_kubeconfig(cluster)}"

    def run(*arguments: str, stdin: str | None = None) -> str:
        command = [str(path_of("kubectl")), kubeconfig, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=True).stdout

    return run


def _names(kubectl: Kubectl, *kind: str) -> list[str]:
    items: list[dict[str, Any]] = json.loads(kubectl("get", *kind, "-o", "json"))["items"]
    return [item["metadata"]["name"] for item in items]


def _keys(sandbox: Sandbox) -> list[str]:
    return [key["name"] for key in sandbox.cloud.store.list("api-key")]


def _threads(cluster: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(f"sandbox.csi.{cluster}")]


def test_without_the_addon_nothing_of_it_is_there(sandbox: Sandbox, cluster: str, kubectl: Kubectl) -> None:
    eventually(lambda: [name for name in _names(kubectl, "pods", "-n", "kube-system") if name.startswith("coredns")])
    workloads = _names(kubectl, "deployments,daemonsets", "-n", "kube-system")
    assert [name for name in workloads if "csi" in name] == []
    assert _names(kubectl, "storageclasses") == []
    assert _names(kubectl, "csidrivers") == []
    assert _threads(cluster) == []
    assert f"sks-csi-{cluster}" not in _keys(sandbox)


def test_a_claim_waits_for_the_addon_and_is_served_with_a_key_of_its_own(
    sandbox: Sandbox, api: SandboxClient, cluster: str, kubectl: Kubectl
) -> None:
    kubectl("apply", "-f", "-", stdin=json.dumps(CLAIM))
    assert api.list_block_storage_volumes() == {"block-storage-volumes": []}
    api.wait(api.update_sks_cluster(id=cluster, addons=[CCM, CSI])["id"])
    kubectl("wait", "pvc", "data", "--for=jsonpath={.status.phase}=Bound", "--timeout=60s")
    (volume,) = api.list_block_storage_volumes()["block-storage-volumes"]
    assert [volume["name"]] == _names(kubectl, "pv")
    assert f"sks-csi-{cluster}" in _keys(sandbox)


def test_the_volume_outlives_its_cluster_and_the_controller_does_not(
    sandbox: Sandbox, api: SandboxClient, cluster: str
) -> None:
    (nodepool,) = api.get_sks_cluster(id=cluster)["nodepools"]
    api.wait(api.delete_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"])["id"])
    api.wait(api.delete_sks_cluster(id=cluster)["id"])
    eventually(lambda: _threads(cluster) == [])
    assert f"sks-csi-{cluster}" not in _keys(sandbox)
    (volume,) = api.list_block_storage_volumes()["block-storage-volumes"]
    assert volume["state"] == "detached"
