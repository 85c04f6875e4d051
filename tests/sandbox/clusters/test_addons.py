"""What a cluster's CNI, addons and kube-proxy setting change."""

from collections.abc import Iterator

import pytest

from sandbox.controllers.cluster import Cluster
from tests.sandbox.clusters.account import Account
from tests.sandbox.waiting import eventually

pytestmark = pytest.mark.engine

CCM = "exoscale-cloud-controller"
UNINITIALIZED = {"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"}


@pytest.fixture(scope="module")
def cilium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """A cluster with Cilium in kube-proxy's place, and a CCM that never initialises a node."""
    settings = {"cni": "cilium", "addons": [CCM], "enable-kube-proxy": False}
    account = Account(tmp_path_factory.mktemp("home"), **settings)
    account.nodepool["taints"] = {"dedicated": {"value": "batch", "effect": "NoExecute"}}
    account.cloud.store.put("sks-nodepool", account.nodepool)
    try:
        account.start()
        account.scale(1)
        eventually(lambda: list(account.nodes().values()) == ["Ready"])
        yield account
    finally:
        account.close()


def test_a_node_waits_for_the_ccm_with_its_taint_and_without_a_provider_id(cilium: Account) -> None:
    spec = cilium.get("node", cilium.instances()[0]["name"])["spec"]
    assert UNINITIALIZED in spec["taints"]
    assert {"key": "dedicated", "value": "batch", "effect": "NoExecute"} in spec["taints"]
    assert "providerID" not in spec


def test_only_what_tolerates_everything_runs_on_a_node_that_no_ccm_initialised(cilium: Account) -> None:
    expected = [
        ("cilium", "Running"),
        ("cilium-operator", "Running"),
        ("coredns", "Pending"),
        ("coredns", "Pending"),
        ("konnectivity-agent", "Pending"),
        ("konnectivity-agent", "Pending"),
    ]
    eventually(lambda: cilium.pods() == expected)


def test_a_cluster_without_the_metrics_addon_has_no_metrics_api(cilium: Account) -> None:
    assert "metrics-server" not in cilium.processes().values()
    assert "Metrics API not available" in cilium.kubectl("top", "node").stderr


def test_the_ccm_is_started_with_the_way_to_the_cluster(cilium: Account) -> None:
    eventually(lambda: cilium.ccms and cilium.ccms[0].calls == ["start"])
    assert Cluster(cilium.ccms[0].access).ready()


def test_only_its_owner_may_read_the_administrators_kubeconfig(cilium: Account) -> None:
    path = cilium.planes.admin_kubeconfig(cilium.id)
    assert path.stat().st_mode & 0o777 == 0o600
    assert cilium.kubectl("auth", "can-i", "*", "*", kubeconfig=path).stdout.strip() == "yes"


def test_a_killed_ccm_stays_dead_until_it_is_revived(cilium: Account) -> None:
    eventually(lambda: cilium.ccms)
    cilium.planes.kill(cilium.id, "ccm")
    cilium.sync()
    assert cilium.ccms[0].calls[-1] == "kill"

    cilium.planes.revive(cilium.id, "ccm")
    assert cilium.ccms[0].calls[-1] == "revive"
    assert len(cilium.ccms) == 1


def test_no_private_key_is_readable_by_others(cilium: Account) -> None:
    assert cilium.folder.stat().st_mode & 0o077 == 0
    keys = list(cilium.folder.glob("pki/*.key"))
    assert len(keys) == 5
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


def test_deleting_the_cluster_stops_its_ccm_ends_its_processes_and_removes_its_data(cilium: Account) -> None:
    eventually(lambda: cilium.ccms)
    cilium.planes.delete(cilium.id)
    assert cilium.ccms[0].calls[-1] == "stop"
    assert cilium.processes() == {}
    assert not cilium.folder.exists()
    cilium.planes.delete(cilium.id)  # once more: nothing happens
