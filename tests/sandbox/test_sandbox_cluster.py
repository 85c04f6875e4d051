"""A cluster of a whole sandbox: reached by its public name, and with storage once it has the addon."""

import base64
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient, connect
from sandbox.files import write_private
from sandbox.sandbox import Sandbox
from tests.sandbox.csi.stored_cluster import CSI
from tests.sandbox.waiting import until
from tools import path_of

pytestmark = pytest.mark.engine

ZONE = "ch-gva-2"
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
Kubectl = Callable[..., subprocess.Popen[str]]


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
    """Id of a cluster with one node."""
    version = api.list_sks_cluster_versions()["sks-cluster-versions"][0]
    operation = api.create_sks_cluster(name="test", level="starter", version=version, cni="calico", addons=[CCM])
    id_ = str(api.wait(operation["id"])["reference"]["id"])
    small = next(t["id"] for t in api.list_instance_types()["instance-types"] if t["size"] == "small")
    operation = api.create_sks_nodepool(
        id=id_, name="pool", size=1, disk_size=20, instance_type={"id": small}, instance_prefix="pool"
    )
    api.wait(operation["id"])
    return id_


@pytest.fixture
def kubectl(api: SandboxClient, cluster: str, tmp_path: Path) -> Kubectl:
    """Starts the real kubectl with a minted kubeconfig, in a shell that was told nothing about the sandbox."""
    minted = api.generate_sks_cluster_kubeconfig(id=cluster, user="me", groups=["system:masters"], ttl=3600)
    kubeconfig = tmp_path / "kubeconfig"
    write_private(kubeconfig, base64.b64decode(minted["kubeconfig"]).decode())
    return lambda *arguments: subprocess.Popen(
        [path_of("kubectl"), f"--kubeconfig={kubeconfig}", *arguments],
        env={"HOME": str(tmp_path), "PATH": os.defpath},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def output(process: subprocess.Popen[str]) -> str:
    """What the command says, once it has succeeded."""
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 0, said
    return said


def test_kubectl_reaches_the_cluster_by_its_public_name(cluster: str, kubectl: Kubectl) -> None:
    said = output(kubectl("cluster-info"))
    assert f"https://{cluster}.sks-{ZONE}.exo.io:443" in said


def test_the_ccm_initialises_the_node_with_a_key_of_its_own(sandbox: Sandbox, kubectl: Kubectl) -> None:
    def provider_ids() -> list[str | None]:
        nodes = json.loads(output(kubectl("get", "nodes", "-o", "json")))["items"]
        return [node["spec"].get("providerID") for node in nodes]

    until(provider_ids, "the node has registered")
    output(kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s"))
    until(lambda: None not in provider_ids(), "the CCM looked at the node")
    assert provider_ids() == [f"exoscale://{instance['id']}" for instance in sandbox.cloud.store.list("instance")]


def test_a_watch_through_the_proxy_sees_what_others_do(kubectl: Kubectl) -> None:
    output(kubectl("create", "configmap", "watched"))
    watch = kubectl("get", "configmap", "--watch", "-o", "name", "--field-selector=metadata.name=watched")
    assert watch.stdout
    assert watch.stdout.readline() == "configmap/watched\n"
    output(kubectl("annotate", "configmap", "watched", "seen=now"))
    assert watch.stdout.readline() == "configmap/watched\n"
    watch.terminate()
    watch.communicate()


def test_a_dead_api_server_breaks_the_connection_and_a_revived_one_answers(
    sandbox: Sandbox, cluster: str, kubectl: Kubectl
) -> None:
    sandbox.control_planes.kill(cluster, "api-server")
    unheard = kubectl("get", "--raw", "/version")  # one request; kubectl repeats each for ten seconds
    said, _ = unheard.communicate(timeout=60)
    assert unheard.returncode != 0
    assert "EOF" in said
    sandbox.control_planes.revive(cluster, "api-server")
    assert output(kubectl("get", "nodes", "-o", "name")).startswith("node/pool-")


def test_where_traffic_goes_is_watched_from_the_first_question_and_stays_known_while_the_api_server_is_dead(
    sandbox: Sandbox, cluster: str, kubectl: Kubectl
) -> None:
    def services() -> set[str]:
        rules = observer.rules()
        return set(rules.services) if rules else set()

    observer = sandbox.control_planes.observer(cluster)
    assert observer is not None
    assert _threads(cluster, "traffic") == []
    until(lambda: "default/kubernetes" in services(), "it sees the cluster's own Service")
    sandbox.control_planes.kill(cluster, "api-server")
    assert "default/kubernetes" in services()
    sandbox.control_planes.revive(cluster, "api-server")
    output(kubectl("create", "service", "clusterip", "late", "--tcp=80"))
    until(lambda: "default/late" in services(), "it sees what is made afterwards")


def _names(kubectl: Kubectl, *kind: str) -> list[str]:
    return [name.partition("/")[2] for name in output(kubectl("get", *kind, "-o", "name")).split()]


def _keys(sandbox: Sandbox) -> list[str]:
    return [key["name"] for key in sandbox.cloud.store.list("api-key")]


def _threads(cluster: str, part: str = "csi") -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(f"sandbox.{part}.{cluster}")]


def test_without_the_addon_nothing_of_it_is_there(sandbox: Sandbox, cluster: str, kubectl: Kubectl) -> None:
    until(
        lambda: [name for name in _names(kubectl, "pods", "-n", "kube-system") if name.startswith("coredns")],
        "it is furnished",
    )
    workloads = _names(kubectl, "deployments,daemonsets", "-n", "kube-system")
    assert [name for name in workloads if "csi" in name] == []
    assert _names(kubectl, "storageclasses") == []
    assert _names(kubectl, "csidrivers") == []
    assert _threads(cluster) == []
    assert f"sks-csi-{cluster}" not in _keys(sandbox)


def test_a_claim_waits_for_the_addon_and_is_served_with_a_key_of_its_own(
    sandbox: Sandbox, api: SandboxClient, cluster: str, kubectl: Kubectl, tmp_path: Path
) -> None:
    (tmp_path / "claim.json").write_text(json.dumps(CLAIM))
    output(kubectl("apply", "-f", str(tmp_path / "claim.json")))
    assert api.list_block_storage_volumes() == {"block-storage-volumes": []}
    api.wait(api.update_sks_cluster(id=cluster, addons=[CCM, CSI])["id"])
    output(kubectl("wait", "pvc", "data", "--for=jsonpath={.status.phase}=Bound", "--timeout=60s"))
    (volume,) = api.list_block_storage_volumes()["block-storage-volumes"]
    assert [volume["name"]] == _names(kubectl, "pv")
    assert f"sks-csi-{cluster}" in _keys(sandbox)


def test_the_volume_outlives_its_cluster_and_the_controller_does_not(
    sandbox: Sandbox, api: SandboxClient, cluster: str
) -> None:
    (nodepool,) = api.get_sks_cluster(id=cluster)["nodepools"]
    api.wait(api.delete_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"])["id"])
    api.wait(api.delete_sks_cluster(id=cluster)["id"])
    until(lambda: _threads(cluster) == [], "its controller has ended")
    until(lambda: _threads(cluster, "traffic") == [], "nobody watches its traffic any more")
    assert f"sks-csi-{cluster}" not in _keys(sandbox)
    (volume,) = api.list_block_storage_volumes()["block-storage-volumes"]
    assert volume["state"] == "detached"
