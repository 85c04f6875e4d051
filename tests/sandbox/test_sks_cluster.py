"""The life of an SKS cluster, seen by the official client."""

import base64
from pathlib import Path
from typing import Any

import pytest

from sandbox.api.routes import HANDLERS, Call
from sandbox.client import OperationEnded, SandboxClient
from sandbox.clock import Clock
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from sandbox.store import Store
from tests.sandbox.sks_bench import CCM, NEWEST, OLDER, Bench, PaperControlPlanes


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Bench:
    return Bench(cloud, client)


def ccm_keys(bench: Bench, cluster_id: str) -> list[dict[str, Any]]:
    return [key for key in bench.cloud.store.list("api-key") if key["name"] == f"sks-ccm-{cluster_id}"]


def test_a_new_cluster_is_creating_until_its_operation_ends(bench: Bench) -> None:
    started = bench.client.create_sks_cluster(name="c", level="starter", version=NEWEST)
    id_ = started["reference"]["id"]
    assert started["reference"] == {"id": id_, "link": f"/v2/sks-cluster/{id_}", "command": "get-sks-cluster"}
    assert bench.client.get_sks_cluster(id=id_)["state"] == "creating"
    bench.done(started)
    assert bench.client.get_sks_cluster(id=id_)["state"] == "running"
    assert bench.planes.alive == {id_}


def test_a_cluster_shows_what_the_provider_reads(bench: Bench) -> None:
    id_ = bench.cluster(labels={"stack": "dev"}, description="d")
    shown = bench.client.get_sks_cluster(id=id_)
    assert shown | {"created-at": ""} == {
        "id": id_,
        "name": "c",
        "description": "d",
        "labels": {"stack": "dev"},
        "level": "starter",
        "cni": "calico",
        "version": NEWEST,
        "addons": [CCM],
        "auto-upgrade": False,
        "enable-kube-proxy": True,
        "enable-operators-ca": True,
        "endpoint": f"{id_}.sks-ch-gva-2.exo.io",
        "state": "running",
        "nodepools": [],
        "created-at": "",
    }


def test_a_cluster_without_a_cni_or_addons_says_so(bench: Bench) -> None:
    id_ = bench.done(bench.client.create_sks_cluster(name="c", level="pro", version=NEWEST))
    shown = bench.client.get_sks_cluster(id=id_)
    assert "cni" not in shown
    assert shown["addons"] == []


def test_cilium_replaces_kube_proxy_unless_it_is_asked_for(bench: Bench) -> None:
    assert not bench.client.get_sks_cluster(id=bench.cluster(cni="cilium"))["enable-kube-proxy"]
    both = bench.cluster(cni="cilium", enable_kube_proxy=True)
    assert bench.client.get_sks_cluster(id=both)["enable-kube-proxy"]


def test_clusters_belong_to_one_zone(bench: Bench, connected: Any) -> None:
    id_ = bench.cluster()
    assert [cluster["id"] for cluster in bench.client.list_sks_clusters()["sks-clusters"]] == [id_]
    assert connected(zone="de-fra-1").list_sks_clusters()["sks-clusters"] == []


def test_an_update_passes_through_updating(bench: Bench) -> None:
    id_ = bench.cluster()
    started = bench.client.update_sks_cluster(id=id_, name="renamed", labels={"a": "b"})
    assert bench.client.get_sks_cluster(id=id_)["state"] == "updating"
    bench.done(started)
    shown = bench.client.get_sks_cluster(id=id_)
    assert (shown["state"], shown["name"], shown["labels"]) == ("running", "renamed", {"a": "b"})


def test_keys_sent_as_null_change_nothing(bench: Bench) -> None:
    id_ = bench.cluster(feature_gates=["X"])
    bench.done(bench.client.update_sks_cluster(id=id_, name="n", oidc=None, feature_gates=None))
    assert bench.client.get_sks_cluster(id=id_)["feature-gates"] == ["X"]


def test_an_upgrade_gives_later_nodes_the_new_version(bench: Bench) -> None:
    id_ = bench.cluster(version=OLDER[0])
    nodepool = bench.nodepool(id_, size=1)
    started = bench.client.upgrade_sks_cluster(id=id_, version=NEWEST)
    assert bench.client.get_sks_cluster(id=id_)["state"] == "upgrading"
    bench.done(started)
    upgraded = bench.client.get_sks_cluster(id=id_)
    assert (upgraded["state"], upgraded["version"]) == ("running", NEWEST)
    assert upgraded["nodepools"][0]["version"] == NEWEST
    bench.done(bench.client.scale_sks_nodepool(id=id_, sks_nodepool_id=nodepool["id"], size=2))
    old, new = bench.instances(nodepool["instance-pool"]["id"])
    assert old["template"] == nodepool["template"] != new["template"] == upgraded["nodepools"][0]["template"]


def test_the_service_level_can_be_raised(bench: Bench) -> None:
    id_ = bench.cluster()
    bench.done(bench.client.upgrade_sks_cluster_service_level(id=id_))
    assert bench.client.get_sks_cluster(id=id_)["level"] == "pro"


def test_a_deleted_cluster_is_gone_with_its_control_plane(bench: Bench) -> None:
    id_ = bench.cluster()
    started = bench.client.delete_sks_cluster(id=id_)
    assert bench.client.get_sks_cluster(id=id_)["state"] == "deleting"
    bench.done(started)
    assert bench.client.list_sks_clusters()["sks-clusters"] == []
    assert bench.planes.alive == set()


def test_the_ccm_has_a_key_of_its_own_as_long_as_its_cluster_lives(bench: Bench) -> None:
    id_ = bench.cluster()
    (key,) = ccm_keys(bench, id_)
    assert key["id"] == key["key"]
    assert len(key["_secret"]) >= 40
    bench.done(bench.client.delete_sks_cluster(id=id_))
    assert ccm_keys(bench, id_) == []


def test_the_key_of_a_ccm_opens_the_api(bench: Bench, connected: Any) -> None:
    (key,) = ccm_keys(bench, bench.cluster())
    assert connected(key["key"], key["_secret"]).list_load_balancers() == {"load-balancers": []}


def test_a_cluster_without_the_ccm_gets_its_key_with_the_addon_and_loses_it_again(bench: Bench) -> None:
    id_ = bench.cluster(addons=["metrics-server"])
    assert ccm_keys(bench, id_) == []
    bench.done(bench.client.update_sks_cluster(id=id_, addons=[CCM]))
    assert len(ccm_keys(bench, id_)) == 1
    bench.done(bench.client.update_sks_cluster(id=id_, addons=["metrics-server"]))
    assert ccm_keys(bench, id_) == []


def test_rotated_credentials_replace_the_old_ones(bench: Bench) -> None:
    id_ = bench.cluster()
    (old,) = ccm_keys(bench, id_)
    bench.planes.synced.clear()
    started = bench.client.rotate_sks_ccm_credentials(id=id_)
    assert bench.client.get_sks_cluster(id=id_)["state"] == "rotating-ccm-credentials"
    bench.done(started)
    (new,) = ccm_keys(bench, id_)
    assert new["key"] != old["key"]
    assert bench.client.get_sks_cluster(id=id_)["state"] == "running"
    assert bench.planes.synced == [id_]


def test_authorities_come_as_base64_of_pem(bench: Bench) -> None:
    id_ = bench.cluster()
    for name in ("aggregation", "control-plane", "kubelet"):
        answer = bench.client.get_sks_cluster_authority_cert(id=id_, authority=name)
        assert base64.b64decode(answer["cacert"]).decode() == f"-----BEGIN {name} of {id_}-----\n"


def test_a_kubeconfig_comes_at_once_for_the_user_groups_and_ttl_asked_for(bench: Bench) -> None:
    id_ = bench.cluster()
    answer = bench.client.generate_sks_cluster_kubeconfig(id=id_, user="me", groups=["system:masters"], ttl=60)
    assert base64.b64decode(answer["kubeconfig"]).decode() == f"server: https://{id_}\n"
    assert bench.planes.minted == ("me", ["system:masters"], 60)


def test_a_kubeconfig_lasts_thirty_days_by_default(bench: Bench) -> None:
    bench.client.generate_sks_cluster_kubeconfig(id=bench.cluster(), user="me", groups=[])
    assert bench.planes.minted == ("me", [], 2592000)


def test_a_control_plane_that_does_not_start_fails_the_operation(bench: Bench) -> None:
    bench.planes.failure = "no etcd"
    with pytest.raises(OperationEnded, match="no etcd"):
        bench.cluster()
    (cluster,) = bench.client.list_sks_clusters()["sks-clusters"]
    assert cluster["state"] == "error"


def test_a_cluster_in_error_can_be_repaired_by_an_update_or_deleted(bench: Bench) -> None:
    bench.planes.failure = "no etcd"
    with pytest.raises(OperationEnded):
        bench.cluster()
    bench.planes.failure = ""
    (cluster,) = bench.client.list_sks_clusters()["sks-clusters"]
    bench.done(bench.client.update_sks_cluster(id=cluster["id"], name="again"))
    assert bench.planes.alive == {cluster["id"]}
    bench.done(bench.client.delete_sks_cluster(id=cluster["id"]))
    assert bench.client.list_sks_clusters()["sks-clusters"] == []


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("update-sks-cluster", {"name": "n"}),
        ("upgrade-sks-cluster", {"version": NEWEST}),
        ("upgrade-sks-cluster-service-level", {}),
        ("rotate-sks-ccm-credentials", {}),
        ("rotate-sks-operators-ca", {}),
        ("delete-sks-cluster", {}),
    ],
)
def test_a_failed_operation_leaves_the_cluster_in_error_and_unchanged(
    bench: Bench, operation: str, body: dict[str, Any]
) -> None:
    id_ = bench.cluster(version=OLDER[0])
    before = bench.client.get_sks_cluster(id=id_)
    bench.cloud.faults.arm(Fault(operation, "failure", reason="busy", message="armed"))
    with pytest.raises(OperationEnded, match="failure: busy: armed"):
        bench.done(getattr(bench.client, operation.replace("-", "_"))(id=id_, **body))
    assert bench.client.get_sks_cluster(id=id_) == {**before, "state": "error"}


def test_a_sandbox_that_stops_in_the_middle_finishes_its_clusters_after_a_restart(tmp_path: Path) -> None:
    def started() -> tuple[Cloud, PaperControlPlanes]:
        planes = PaperControlPlanes()
        return Cloud(Store(tmp_path / "cloud.sqlite"), Clock(0), control_planes=planes), planes

    cloud, _ = started()
    body = {"name": "c", "level": "starter", "version": NEWEST, "addons": [CCM]}
    pending = HANDLERS["create-sks-cluster"](cloud, Call("create-sks-cluster", body=body))
    cloud.operations.join()
    cloud.store.close()

    cloud, planes = started()
    cloud.operations.resume()
    cloud.operations.join()
    with cloud.lock:
        cloud.operations.tick()
    id_ = pending["reference"]["id"]
    assert planes.alive == {id_}
    assert (cloud.store.get("operation", pending["id"]) or {})["state"] == "success"
    assert (cloud.store.get("sks-cluster", id_) or {})["state"] == "running"
    assert [key["name"] for key in cloud.store.list("api-key")] == [f"sks-ccm-{id_}"]
    cloud.store.close()
