"""The parts together, asked by unmodified clients as `sandbox env` points them."""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exoscale.api.v2 import Client

from sandbox.client import SandboxClient, connect
from sandbox.cloud import Rules
from sandbox.faults import Fault
from sandbox.files import write_private
from sandbox.sandbox import Sandbox
from tests.sandbox.waiting import until
from tools import path_of

ZONE = "ch-gva-2"
Kubectl = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def in_shell(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `eval "$(sandbox env)"`."""
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def real_names(in_shell: None) -> Iterator[Callable[[str], Client]]:
    """The official client of a zone, as a user makes it: it knows the real host name only."""
    made = []

    def make(zone: str) -> Client:
        made.append(Client(os.environ["EXOSCALE_API_KEY"], os.environ["EXOSCALE_API_SECRET"], zone=zone))
        return made[-1]

    yield make
    for client in made:
        client.http_client.close()


def test_through_the_proxy_zones_have_their_real_endpoints(real_names: Callable[[str], Client]) -> None:
    zones = real_names(ZONE).list_zones()["zones"]
    assert {zone["name"]: zone["api-endpoint"] for zone in zones}["de-fra-1"] == "https://api-de-fra-1.exoscale.com/v2"


def test_over_loopback_zones_have_endpoints_on_loopback(sandbox: Sandbox) -> None:
    client = connect(sandbox.url, sandbox.key, sandbox.secret, ZONE)
    endpoints = {zone["name"]: zone["api-endpoint"] for zone in client.list_zones()["zones"]}
    client.http_client.close()
    assert endpoints["de-fra-1"] == f"{sandbox.url}/zone/de-fra-1/v2"


def test_a_signature_for_a_real_name_is_good_and_a_wrong_one_is_refused(
    real_names: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert real_names("at-vie-1").list_anti_affinity_groups()["anti-affinity-groups"] == []
    monkeypatch.setenv("EXOSCALE_API_SECRET", "wrong")
    with pytest.raises(Exception, match="403"):
        real_names("at-vie-1").list_anti_affinity_groups()


def test_a_global_object_made_over_loopback_is_seen_at_every_real_name(
    sandbox: Sandbox, real_names: Callable[[str], Client]
) -> None:
    client = connect(sandbox.url, sandbox.key, sandbox.secret, ZONE, poll_seconds=0.02)
    id_ = client.wait(client.create_anti_affinity_group(name="everywhere")["id"])["reference"]["id"]
    assert real_names("de-muc-1").get_anti_affinity_group(id=id_)["name"] == "everywhere"
    client.wait(client.delete_anti_affinity_group(id=id_)["id"])
    client.http_client.close()


def test_a_lost_reply_looks_the_same_through_the_proxy(sandbox: Sandbox, real_names: Callable[[str], Client]) -> None:
    sandbox.cloud.faults.arm(Fault("create-anti-affinity-group", "lose-reply"))
    with pytest.raises(Exception, match=r"closed|aborted|EOF"):
        real_names(ZONE).create_anti_affinity_group(name="lost")
    (made,) = sandbox.cloud.store.list("anti-affinity-group")
    assert made["name"] == "lost"
    sandbox.cloud.store.delete("anti-affinity-group", made["id"])


def test_the_assumed_rules_reach_the_cloud(tmp_path: Path) -> None:
    with Sandbox(tmp_path, rules=Rules(load_balancer_names_unique=True)) as strict:
        assert strict.cloud.rules.load_balancer_names_unique
        assert strict.cloud.clock.pace == 0


def test_a_stopped_sandbox_can_be_started_again_in_the_same_process(tmp_path: Path) -> None:
    one = Sandbox(tmp_path)
    with one:
        before = one.environment()
    one.stop()  # idempotent
    with Sandbox(tmp_path) as again:
        assert again.environment() == before


def test_a_taken_port_is_replaced_and_kept_from_then_on(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "one") as one:
        ports = (tmp_path / "one" / "ports.json").read_text()
        (tmp_path / "two").mkdir()
        (tmp_path / "two" / "ports.json").write_text(ports)
        with Sandbox(tmp_path / "two") as two:
            assert {one.url, one.proxy_url}.isdisjoint({two.url, two.proxy_url})
            assert json.loads((tmp_path / "two" / "ports.json").read_text()) != json.loads(ports)


# --- with a control plane


@pytest.fixture(scope="module")
def api(sandbox: Sandbox) -> Iterator[SandboxClient]:
    client = connect(sandbox.url, sandbox.key, sandbox.secret, ZONE, poll_seconds=0.05)
    yield client
    client.http_client.close()


@pytest.fixture(scope="module")
def cluster(api: SandboxClient) -> str:
    """Id of a cluster with one node."""
    version = api.list_sks_cluster_versions()["sks-cluster-versions"][0]
    operation = api.create_sks_cluster(
        name="test", level="starter", version=version, cni="calico", addons=["exoscale-cloud-controller"]
    )
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


@pytest.mark.engine
def test_kubectl_reaches_the_cluster_by_its_public_name(cluster: str, kubectl: Kubectl) -> None:
    said = output(kubectl("cluster-info"))
    assert f"https://{cluster}.sks-{ZONE}.exo.io:443" in said


@pytest.mark.engine
def test_the_ccm_initialises_the_node_with_a_key_of_its_own(sandbox: Sandbox, kubectl: Kubectl) -> None:
    def provider_ids() -> list[str | None]:
        nodes = json.loads(output(kubectl("get", "nodes", "-o", "json")))["items"]
        return [node["spec"].get("providerID") for node in nodes]

    until(provider_ids, "the node has registered")
    output(kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s"))
    until(lambda: None not in provider_ids(), "the CCM looked at the node")
    assert provider_ids() == [f"exoscale://{instance['id']}" for instance in sandbox.cloud.store.list("instance")]


@pytest.mark.engine
def test_a_watch_through_the_proxy_sees_what_others_do(kubectl: Kubectl) -> None:
    output(kubectl("create", "configmap", "watched"))
    watch = kubectl("get", "configmap", "--watch", "-o", "name", "--field-selector=metadata.name=watched")
    assert watch.stdout
    assert watch.stdout.readline() == "configmap/watched\n"
    output(kubectl("annotate", "configmap", "watched", "seen=now"))
    assert watch.stdout.readline() == "configmap/watched\n"
    watch.terminate()
    watch.communicate()


@pytest.mark.engine
def test_a_dead_api_server_breaks_the_connection_and_a_revived_one_answers(
    sandbox: Sandbox, cluster: str, kubectl: Kubectl
) -> None:
    sandbox.control_planes.kill(cluster, "api-server")
    refused = kubectl("get", "nodes")
    said, _ = refused.communicate(timeout=60)
    assert refused.returncode != 0
    assert "cannot be reached" in said
    sandbox.control_planes.revive(cluster, "api-server")
    assert output(kubectl("get", "nodes", "-o", "name")).startswith("node/pool-")
