"""The API's part of the addon `karpenter`: its requirements, its key, its manifests."""

from typing import Any

import pytest
import yaml

from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.sks_bench import CCM, NEWEST, Bench, refused

WITH_KARPENTER = {"level": "pro", "addons": [CCM, "karpenter"]}


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Bench:
    return Bench(cloud, client)


def keys(bench: Bench, cluster_id: str) -> list[dict[str, Any]]:
    return [key for key in bench.cloud.store.list("api-key") if key["name"] == f"sks-karpenter-{cluster_id}"]


def test_karpenter_has_a_key_of_its_own_as_long_as_the_cluster_has_the_addon(bench: Bench, connected: Any) -> None:
    id_ = bench.cluster(**WITH_KARPENTER)
    assert bench.client.get_sks_cluster(id=id_)["addons"] == [CCM, "karpenter"]
    (key,) = keys(bench, id_)
    assert connected(key["key"], key["_secret"]).list_instances() == {"instances": []}
    bench.done(bench.client.update_sks_cluster(id=id_, addons=[CCM]))
    assert keys(bench, id_) == []
    bench.done(bench.client.update_sks_cluster(id=id_, addons=[CCM, "karpenter"]))
    assert len(keys(bench, id_)) == 1
    bench.done(bench.client.delete_sks_cluster(id=id_))
    assert keys(bench, id_) == []


def test_rotated_credentials_of_karpenter_replace_the_old_ones_and_no_others(bench: Bench) -> None:
    id_ = bench.cluster(**WITH_KARPENTER)
    before = {key["name"]: key["key"] for key in bench.cloud.store.list("api-key")}
    started = bench.client.rotate_sks_karpenter_credentials(id=id_)
    assert bench.client.get_sks_cluster(id=id_)["state"] == "rotating-karpenter-credentials"
    bench.done(started)
    after = {key["name"]: key["key"] for key in bench.cloud.store.list("api-key")}
    assert [name for name in before if before[name] != after[name]] == [f"sks-karpenter-{id_}"]
    assert bench.client.get_sks_cluster(id=id_)["state"] == "running"


def test_a_rotation_that_fails_keeps_the_key_and_leaves_the_cluster_in_error(bench: Bench) -> None:
    id_ = bench.cluster(**WITH_KARPENTER)
    before = keys(bench, id_)
    bench.cloud.faults.arm(Fault("rotate-sks-karpenter-credentials", "failure"))
    with pytest.raises(OperationEnded):
        bench.done(bench.client.rotate_sks_karpenter_credentials(id=id_))
    assert keys(bench, id_) == before
    assert bench.client.get_sks_cluster(id=id_)["state"] == "error"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"level": "starter", "addons": [CCM, "karpenter"]}, "needs a cluster at level pro"),
        ({"level": "pro", "addons": ["karpenter"]}, f"needs the addon {CCM}"),
    ],
)
def test_karpenter_needs_level_pro_and_the_cloud_controller(bench: Bench, body: dict[str, Any], why: str) -> None:
    assert why in refused(lambda: bench.cluster(**body), 409)
    assert bench.client.list_sks_clusters()["sks-clusters"] == []
    assert bench.cloud.store.list("security-group") == []
    id_ = bench.cluster(level=body["level"])
    assert why in refused(lambda: bench.client.update_sks_cluster(id=id_, addons=body["addons"]), 409)
    bench.cloud.rules.karpenter_needs_pro_and_ccm = False
    assert bench.client.get_sks_cluster(id=bench.cluster(**body))["addons"] == body["addons"]


def test_the_cloud_controller_stays_as_long_as_karpenter_does(bench: Bench) -> None:
    id_ = bench.cluster(**WITH_KARPENTER)
    assert CCM in refused(lambda: bench.client.update_sks_cluster(id=id_, addons=["karpenter"]), 409)


def test_the_node_class_names_the_clusters_version_group_and_feature_gates(bench: Bench) -> None:
    id_ = bench.cluster(create_default_security_group=True, feature_gates=["ImageVolume"], **WITH_KARPENTER)
    group = bench.client.get_sks_cluster(id=id_)["default-security-group-id"]
    text = bench.client.generate_sks_karpenter_exoscale_nodeclass(id=id_)["exoscale-nodeclass"]
    assert yaml.safe_load(text) == {
        "apiVersion": "karpenter.exoscale.com/v1",
        "kind": "ExoscaleNodeClass",
        "metadata": {"name": "standard"},
        "spec": {
            "imageTemplateSelector": {"version": NEWEST, "variant": "standard"},
            "securityGroupSelectorTerms": [{"id": group}],
            "kubelet": {"featureGates": {"ImageVolume": True}},
        },
    }


def test_the_node_class_of_a_plain_cluster_names_its_version_only(bench: Bench) -> None:
    text = bench.client.generate_sks_karpenter_exoscale_nodeclass(id=bench.cluster())["exoscale-nodeclass"]
    assert yaml.safe_load(text)["spec"] == {"imageTemplateSelector": {"version": NEWEST, "variant": "standard"}}


def test_the_node_pool_makes_nodes_of_that_class(bench: Bench) -> None:
    id_ = bench.cluster(**WITH_KARPENTER)
    pool = yaml.safe_load(bench.client.generate_sks_karpenter_nodepool(id=id_)["nodepool"])
    node_class = yaml.safe_load(bench.client.generate_sks_karpenter_exoscale_nodeclass(id=id_)["exoscale-nodeclass"])
    assert (pool["apiVersion"], pool["kind"]) == ("karpenter.sh/v1", "NodePool")
    assert pool["spec"]["template"]["spec"]["nodeClassRef"] == {
        "group": node_class["apiVersion"].partition("/")[0],
        "kind": node_class["kind"],
        "name": node_class["metadata"]["name"],
    }
