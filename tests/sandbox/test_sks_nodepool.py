"""The life of an SKS nodepool, seen by the official client."""

import re
from pathlib import Path
from typing import Any

import pytest
from exoscale.api.exceptions import ExoscaleAPIClientException

from sandbox.api.routes import HANDLERS, Call
from sandbox.client import OperationEnded, SandboxClient
from sandbox.clock import Clock
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from sandbox.store import Store
from tests.sandbox.sks_bench import MEDIUM, NEWEST, SMALL, Bench, PaperControlPlanes


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Bench:
    return Bench(cloud, client)


def states(bench: Bench, nodepool: dict[str, Any]) -> list[str]:
    return [instance["state"] for instance in bench.instances(nodepool["instance-pool"]["id"])]


def test_a_nodepool_shows_every_field_in_every_state(bench: Bench) -> None:
    cluster = bench.cluster()
    group = bench.done(bench.client.create_anti_affinity_group(name="g"))
    firewall = bench.done(bench.client.create_security_group(name="f"))
    started = bench.new_nodepool(
        cluster,
        name="workers",
        size=1,
        anti_affinity_groups=[{"id": group}],
        security_groups=[{"id": firewall}],
        labels={"tier": "web"},
        taints={"dedicated": {"value": "web", "effect": "NoSchedule"}},
    )
    id_ = started["reference"]["id"]
    creating = bench.shown_nodepool(cluster, id_)
    assert re.fullmatch(r"[0-9a-f-]{36}", creating["instance-pool"]["id"])
    assert re.fullmatch(r"[0-9a-f-]{36}", creating["template"]["id"])
    assert creating == {
        "id": id_,
        "name": "workers",
        "description": "",
        "state": "creating",
        "size": 1,
        "version": NEWEST,
        "disk-size": 20,
        "instance-prefix": "pool",
        "instance-type": SMALL,
        "instance-pool": creating["instance-pool"],
        "template": creating["template"],
        "anti-affinity-groups": [{"id": group}],
        "security-groups": [{"id": firewall}],
        "private-networks": [],
        "labels": {"tier": "web"},
        "taints": {"dedicated": {"value": "web", "effect": "NoSchedule"}},
        "addons": [],
        "public-ip-assignment": "inet4",
        "created-at": creating["created-at"],
    }
    bench.done(started)
    assert bench.shown_nodepool(cluster, id_) == {**creating, "state": "running"}
    assert bench.client.get_sks_nodepool(id=cluster, sks_nodepool_id=id_) == {**creating, "state": "running"}
    bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=id_)
    assert bench.shown_nodepool(cluster, id_) == {**creating, "state": "deleting"}


def test_instances_start_with_the_operation_and_run_when_it_ends(bench: Bench) -> None:
    cluster = bench.cluster()
    started = bench.new_nodepool(cluster)
    nodepool = bench.shown_nodepool(cluster, started["reference"]["id"])
    assert states(bench, nodepool) == ["starting", "starting"]
    bench.done(started)
    assert states(bench, nodepool) == ["running", "running"]


def test_the_cluster_hears_of_each_change_of_its_nodes(bench: Bench) -> None:
    cluster = bench.cluster()
    bench.planes.synced.clear()
    nodepool = bench.nodepool(cluster)
    assert cluster in bench.planes.synced
    for change in (
        lambda: bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=3),
        lambda: bench.client.update_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], labels={"a": "b"}),
        lambda: bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"]),
    ):
        started = change()
        bench.planes.synced.clear()
        bench.done(started)
        assert bench.planes.synced == [cluster]


def test_scaling_up_adds_and_keeps_the_old_ones(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    old = bench.instances(nodepool["instance-pool"]["id"])
    started = bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=4)
    assert bench.shown_nodepool(cluster, nodepool["id"])["state"] == "scaling"
    assert states(bench, nodepool) == ["running", "running", "starting", "starting"]
    bench.done(started)
    assert bench.instances(nodepool["instance-pool"]["id"])[:2] == old
    assert bench.shown_nodepool(cluster, nodepool["id"]) == {**nodepool, "size": 4}


def test_scaling_down_removes_the_newest(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster, size=3)
    old = bench.instances(nodepool["instance-pool"]["id"])
    started = bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=1)
    assert states(bench, nodepool) == ["running", "destroying", "destroying"]
    bench.done(started)
    assert bench.instances(nodepool["instance-pool"]["id"]) == old[:1]


def test_evicting_removes_the_named_ones(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster, size=3)
    first, second, third = bench.instances(nodepool["instance-pool"]["id"])
    bench.done(
        bench.client.evict_sks_nodepool_members(
            id=cluster, sks_nodepool_id=nodepool["id"], instances=[first["id"], third["id"]]
        )
    )
    assert bench.instances(nodepool["instance-pool"]["id"]) == [second]
    assert bench.shown_nodepool(cluster, nodepool["id"]) == {**nodepool, "size": 1}


def test_a_nodepool_can_be_scaled_to_nothing_and_back(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    bench.done(bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=0))
    assert "size" not in bench.client.get_instance_pool(id=nodepool["instance-pool"]["id"])
    bench.done(bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=1))
    assert states(bench, nodepool) == ["running"]


def test_an_update_changes_the_machines_made_afterwards_only(bench: Bench) -> None:
    cluster = bench.cluster()
    firewall = bench.done(bench.client.create_security_group(name="f"))
    nodepool = bench.nodepool(cluster, size=1)
    (before,) = bench.instances(nodepool["instance-pool"]["id"])
    started = bench.client.update_sks_nodepool(
        id=cluster,
        sks_nodepool_id=nodepool["id"],
        instance_type=MEDIUM,
        security_groups=[{"id": firewall}],
        labels={"a": "b"},
        deploy_target=None,
    )
    assert bench.shown_nodepool(cluster, nodepool["id"]) == {**nodepool, "state": "updating"}
    bench.done(started)
    changed = {"instance-type": MEDIUM, "security-groups": [{"id": firewall}], "labels": {"a": "b"}}
    assert bench.shown_nodepool(cluster, nodepool["id"]) == {**nodepool, **changed}
    bench.done(bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=2))
    first, second = bench.instances(nodepool["instance-pool"]["id"])
    assert first == before
    assert (second["instance-type"], second["security-groups"]) == (MEDIUM, [{"id": firewall}])


def test_a_deleted_nodepool_keeps_its_instances_until_the_operation_ends(bench: Bench) -> None:
    cluster = bench.cluster()
    firewall = bench.done(bench.client.create_security_group(name="f"))
    nodepool = bench.nodepool(cluster, security_groups=[{"id": firewall}])
    started = bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"])
    assert states(bench, nodepool) == ["destroying", "destroying"]
    with pytest.raises(ExoscaleAPIClientException, match="Cannot delete group when it's in use by virtual machines"):
        bench.client.delete_security_group(id=firewall)
    bench.done(started)
    assert bench.client.list_instances()["instances"] == []
    assert bench.client.list_instance_pools()["instance-pools"] == []
    assert bench.client.get_sks_cluster(id=cluster)["nodepools"] == []
    bench.done(bench.client.delete_security_group(id=firewall))


def test_a_failed_creation_leaves_a_nodepool_in_error_that_can_be_deleted(bench: Bench) -> None:
    cluster = bench.cluster()
    bench.cloud.faults.arm(Fault("create-sks-nodepool", "failure"))
    with pytest.raises(OperationEnded):
        bench.nodepool(cluster)
    (nodepool,) = bench.client.get_sks_cluster(id=cluster)["nodepools"]
    assert nodepool["state"] == "error"
    assert states(bench, nodepool) == ["error", "error"]
    bench.done(bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"]))
    assert bench.client.list_instances()["instances"] == []


@pytest.mark.parametrize("size", [1, 4])
def test_a_failed_scale_can_be_repeated(bench: Bench, size: int) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster, size=3)
    bench.cloud.faults.arm(Fault("scale-sks-nodepool", "failure"))
    with pytest.raises(OperationEnded):
        bench.done(bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=size))
    assert bench.shown_nodepool(cluster, nodepool["id"]) == {**nodepool, "state": "error"}
    bench.done(bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=size))
    assert bench.shown_nodepool(cluster, nodepool["id"]) == {**nodepool, "size": size}
    assert states(bench, nodepool) == ["running"] * size


def test_a_failed_eviction_keeps_the_instances(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    before = bench.instances(nodepool["instance-pool"]["id"])
    bench.cloud.faults.arm(Fault("evict-sks-nodepool-members", "failure"))
    with pytest.raises(OperationEnded):
        bench.done(
            bench.client.evict_sks_nodepool_members(
                id=cluster, sks_nodepool_id=nodepool["id"], instances=[before[0]["id"]]
            )
        )
    assert bench.instances(nodepool["instance-pool"]["id"]) == before
    assert bench.shown_nodepool(cluster, nodepool["id"]) == {**nodepool, "state": "error"}


@pytest.mark.parametrize(
    ("operation", "body"), [("update-sks-nodepool", {"labels": {"a": "b"}}), ("delete-sks-nodepool", {})]
)
def test_a_failed_operation_leaves_the_nodepool_in_error_and_unchanged(
    bench: Bench, operation: str, body: dict[str, Any]
) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    bench.cloud.faults.arm(Fault(operation, "failure"))
    call = getattr(bench.client, operation.replace("-", "_"))
    with pytest.raises(OperationEnded):
        bench.done(call(id=cluster, sks_nodepool_id=nodepool["id"], **body))
    assert bench.shown_nodepool(cluster, nodepool["id"]) == {**nodepool, "state": "error"}
    assert states(bench, nodepool) == ["running", "running"]
    bench.done(call(id=cluster, sks_nodepool_id=nodepool["id"], **body))


def test_a_restart_in_the_middle_finishes_a_nodepool(tmp_path: Path) -> None:
    def ended(cloud: Cloud, operation_id: str, path: dict[str, str], body: dict[str, Any]) -> str:
        started = HANDLERS[operation_id](cloud, Call(operation_id, path=path, body=body))
        cloud.operations.join()
        with cloud.lock:
            cloud.operations.tick()
        return str(started["reference"]["id"])

    cloud = Cloud(Store(tmp_path / "cloud.sqlite"), Clock(0), control_planes=PaperControlPlanes())
    cluster = ended(cloud, "create-sks-cluster", {}, {"name": "c", "level": "starter", "version": NEWEST})
    body = {"name": "p", "size": 2, "disk-size": 20, "instance-type": SMALL}
    nodepool = ended(cloud, "create-sks-nodepool", {"id": cluster}, body)
    path = {"id": cluster, "sks-nodepool-id": nodepool}
    HANDLERS["delete-sks-nodepool"](cloud, Call("delete-sks-nodepool", path=path))
    assert len(cloud.store.list("instance")) == 2
    cloud.store.close()

    cloud = Cloud(Store(tmp_path / "cloud.sqlite"), Clock(0), control_planes=PaperControlPlanes())
    assert len(cloud.store.list("instance")) == 2
    cloud.operations.resume()
    with cloud.lock:
        cloud.operations.tick()
    assert cloud.store.list("instance") == cloud.store.list("instance-pool") == cloud.store.list("sks-nodepool") == []
    cloud.store.close()


def test_instances_in_error_are_replaced_by_scaling_even_in_a_full_anti_affinity_group(bench: Bench) -> None:
    cluster = bench.cluster()
    group = bench.done(bench.client.create_anti_affinity_group(name="g"))
    bench.cloud.faults.arm(Fault("create-sks-nodepool", "failure"))
    with pytest.raises(OperationEnded):
        bench.nodepool(cluster, size=8, anti_affinity_groups=[{"id": group}])
    (nodepool,) = bench.client.get_sks_cluster(id=cluster)["nodepools"]
    bench.done(bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=8))
    assert states(bench, nodepool) == ["running"] * 8
    assert bench.shown_nodepool(cluster, nodepool["id"])["state"] == "running"
