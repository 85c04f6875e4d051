"""A cluster as its users see it: through real kubectl, as the tutorial does."""

import re
import time

import pytest

from sandbox.controllers.cluster import Refused
from sandbox.controllers.objects import Object
from tests.sandbox.clusters.account import Account
from tests.sandbox.waiting import eventually

pytestmark = pytest.mark.engine

DEPLOYED = [
    "calico-kube-controllers",
    "coredns",
    "coredns",
    "konnectivity-agent",
    "konnectivity-agent",
    "metrics-server",
]
ON_EACH_NODE = ["calico-node", "kube-proxy"]


def _all(workloads: list[str], status: str) -> list[tuple[str, str]]:
    return sorted((workload, status) for workload in workloads)


def figures(account: Account, kind: str) -> list[Object]:
    """What metrics-server knows of nodes or pods; nothing as long as the API server does not reach it."""
    try:
        return account.items(f"/apis/metrics.k8s.io/v1beta1/{kind}")
    except Refused:
        return []


def test_cluster_info_prints_the_lines_of_the_tutorial(account: Account) -> None:
    person = account.kubeconfig(["system:masters"], user="kubernetes-admin")
    server = f"https://{account.id}.sks-ch-gva-2.exo.io:443"
    lines = [
        f"Kubernetes control plane is running at {server}",
        f"CoreDNS is running at {server}/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy",
    ]

    def printed() -> list[str]:
        out = account.kubectl("cluster-info", kubeconfig=person).stdout
        return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in out.splitlines()][:2]

    eventually(lambda: printed() == lines)


def test_a_cluster_without_nodes_has_its_system_pods_pending(account: Account) -> None:
    account.scale(0)
    eventually(lambda: set(_all(DEPLOYED, "Pending")) == set(account.pods()), seconds=120)


def test_each_instance_is_a_ready_node_with_its_names_labels_and_size(account: Account) -> None:
    account.scale(2)
    names = [instance["name"] for instance in account.instances()]
    eventually(lambda: account.nodes() == dict.fromkeys(names, "Ready"))

    for row in account.rows("get", "nodes"):
        assert row[2] == "<none>"
        assert row[4] == "v1.35.0"
    for instance in account.instances():
        node = account.get("node", instance["name"])
        labels = node["metadata"]["labels"]
        assert labels["kubernetes.io/hostname"] == instance["name"]
        assert labels["kubernetes.io/arch"] == "amd64"
        assert labels["kubernetes.io/os"] == "linux"
        assert labels["role"] == "worker"
        assert not [label for label in labels if label.startswith("kwok")]
        assert node["status"]["nodeInfo"]["systemUUID"] == instance["id"]
        assert {"type": "InternalIP", "address": instance["public-ip"]} in node["status"]["addresses"]
        assert node["status"]["capacity"]["cpu"] == "2"
        assert node["status"]["capacity"]["memory"] == "2Gi"


def test_the_system_pods_run_one_per_node_or_as_many_as_the_tutorial_shows(account: Account) -> None:
    account.scale(2)
    eventually(lambda: account.pods() == _all(DEPLOYED + 2 * ON_EACH_NODE, "Running"), seconds=120)


def test_top_prints_what_nodes_and_pods_use(account: Account) -> None:
    account.scale(2)
    eventually(lambda: len(figures(account, "nodes")) == 2, seconds=90)

    for name, cpu, _, memory, _ in account.rows("top", "node"):
        assert name in [instance["name"] for instance in account.instances()]
        assert int(cpu.removesuffix("m")) > 0
        assert int(memory.removesuffix("Mi")) > 0
    eventually(lambda: len(figures(account, "pods")) >= len(DEPLOYED))
    assert len(account.rows("top", "pod", "-n", "kube-system")) >= len(DEPLOYED)


def test_an_instance_that_goes_leaves_a_node_that_is_not_ready_and_one_that_comes_adds_one(account: Account) -> None:
    account.scale(2)
    gone = account.instances()[-1]["name"]
    eventually(lambda: account.nodes().get(gone) == "Ready")

    account.scale(1)
    eventually(lambda: account.nodes()[gone] == "NotReady")
    time.sleep(2)  # long enough for kwok to answer for it again, if it still did
    assert account.nodes()[gone] == "NotReady"  # no CCM here that would delete it

    account.kubectl("delete", "node", gone)
    account.scale(3)
    eventually(lambda: sorted(account.nodes().values()) == ["Ready"] * 3)


def test_a_stopped_instance_is_a_node_that_is_not_ready_until_it_runs_again(account: Account) -> None:
    account.scale(1)
    instance = account.instances()[0]
    eventually(lambda: account.nodes().get(instance["name"]) == "Ready")

    for state, status in (("stopped", "NotReady"), ("running", "Ready")):
        account.cloud.store.put("instance", {**instance, "state": state})
        account.sync()
        eventually(lambda status=status: account.nodes()[instance["name"]] == status)


def test_a_deleted_node_does_not_come_back_while_its_kubelet_runs(account: Account) -> None:
    account.scale(2)
    name = account.instances()[0]["name"]
    eventually(lambda: account.nodes().get(name) == "Ready")

    account.kubectl("delete", "node", name)
    account.scale(3)
    newest = account.instances()[-1]["name"]
    eventually(lambda: account.nodes().get(newest) == "Ready")
    assert name not in account.nodes()


def test_a_user_without_groups_is_forbidden_to_list_nodes(account: Account) -> None:
    done = account.kubectl("get", "nodes", kubeconfig=account.kubeconfig([], user="reader"))
    assert done.returncode == 1
    assert 'nodes is forbidden: User "reader" cannot list resource "nodes"' in done.stderr


def test_a_user_in_system_masters_may_do_everything(account: Account) -> None:
    person = account.kubeconfig(["system:masters"])
    assert account.kubectl("auth", "can-i", "*", "*", kubeconfig=person).stdout.strip() == "yes"


def test_an_expired_kubeconfig_is_refused(account: Account) -> None:
    person = account.kubeconfig(["system:masters"], ttl_seconds=2)
    assert account.kubectl("get", "nodes", kubeconfig=person).returncode == 0

    eventually(lambda: account.kubectl("get", "nodes", kubeconfig=person).returncode != 0)
    refused = account.kubectl("get", "nodes", kubeconfig=person)
    assert "Unauthorized" in refused.stderr or "must be logged in" in refused.stderr


def test_everything_listens_on_loopback_alone(account: Account) -> None:
    addresses = account.listening()
    assert len(addresses) >= 7  # etcd twice, API server, controller manager, scheduler, kwok, metrics-server
    assert set(addresses) == {"127.0.0.1"}


def test_a_killed_api_server_stays_dead_until_it_is_revived(account: Account) -> None:
    account.kubectl("create", "configmap", "kept")
    before = sorted(account.all_processes().values())
    account.planes.kill(account.id, "api-server")
    assert "refused" in account.kubectl("get", "nodes").stderr

    account.planes.revive(account.id, "api-server")
    assert account.kubectl("get", "configmap", "kept").returncode == 0
    assert sorted(account.processes().values()) == before


def test_a_restarted_sandbox_keeps_the_objects_and_the_address(account: Account) -> None:
    account.scale(1)
    account.kubectl("create", "configmap", "survivor")
    port = account.planes.port(account.id)

    account.planes.stop_all()
    assert account.processes() == {}
    account.planes.start_all()

    assert account.planes.port(account.id) == port
    assert account.kubectl("get", "configmap", "survivor").returncode == 0
    running = account.instances()[0]["name"]
    eventually(lambda: account.nodes().get(running) == "Ready")


def test_creating_it_twice_changes_nothing(account: Account) -> None:
    before = account.all_processes()
    account.planes.create(account.cluster)
    assert account.processes() == before
