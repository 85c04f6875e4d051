"""What clusters, nodepools and instance pools refuse: status and words, seen by the official client."""

from typing import Any

import pytest

from sandbox.api.catalogue import identity
from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.sks_bench import CCM, NEWEST, NOWHERE, OLDER, Bench, busy, refused


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Bench:
    return Bench(cloud, client)


# Clusters


def test_an_unknown_version_is_answered_with_those_that_there_are(bench: Bench) -> None:
    message = refused(lambda: bench.cluster(version="1.20.9"), 400)
    assert message == f"Invalid Kubernetes version 1.20.9. Available versions are: {', '.join([NEWEST, *OLDER])}"
    assert bench.client.list_sks_clusters()["sks-clusters"] == []
    id_ = bench.cluster()
    assert refused(lambda: bench.client.upgrade_sks_cluster(id=id_, version="1.20.9"), 400) == message


def test_a_cluster_cannot_go_back_to_an_older_version(bench: Bench) -> None:
    id_ = bench.cluster()
    assert "is not newer" in refused(lambda: bench.client.upgrade_sks_cluster(id=id_, version=OLDER[0]), 400)


def test_a_cluster_at_level_pro_cannot_be_raised(bench: Bench) -> None:
    id_ = bench.cluster(level="pro")
    assert "at level pro already" in refused(lambda: bench.client.upgrade_sks_cluster_service_level(id=id_), 409)


def test_a_cluster_with_nodepools_cannot_be_deleted(bench: Bench) -> None:
    id_ = bench.cluster()
    bench.nodepool(id_)
    message = refused(lambda: bench.client.delete_sks_cluster(id=id_), 409)
    assert message == "impossible to delete the SKS cluster: Nodepools still present"


def test_without_the_rule_nodepools_go_with_their_cluster_and_load_balancers_stay(bench: Bench) -> None:
    bench.cloud.rules.cluster_with_nodepools_refused = False
    id_ = bench.cluster()
    nodepool = bench.nodepool(id_)
    balancer = bench.balancer()
    bench.service(balancer, nodepool["instance-pool"]["id"])
    bench.done(bench.client.delete_sks_cluster(id=id_))
    assert bench.client.list_instances()["instances"] == []
    assert bench.client.list_instance_pools()["instance-pools"] == []
    assert bench.client.get_load_balancer(id=balancer)["services"][0]["healthcheck-status"] == []


@pytest.mark.parametrize(
    "state",
    ["creating", "updating", "upgrading", "rotating-ccm-credentials", "rotating-karpenter-credentials", "deleting"],
)
def test_a_busy_cluster_refuses_every_change(bench: Bench, state: str) -> None:
    id_ = bench.cluster(version=OLDER[0])
    nodepool = bench.nodepool(id_)["id"]
    cluster = bench.cloud.store.get("sks-cluster", id_) or {}
    bench.cloud.store.put("sks-cluster", {**cluster, "state": state})
    busy(lambda: bench.client.update_sks_cluster(id=id_, name="n"))
    busy(lambda: bench.client.upgrade_sks_cluster(id=id_, version=NEWEST))
    busy(lambda: bench.client.upgrade_sks_cluster_service_level(id=id_))
    busy(lambda: bench.client.rotate_sks_ccm_credentials(id=id_))
    busy(lambda: bench.client.rotate_sks_karpenter_credentials(id=id_))
    busy(lambda: bench.client.rotate_sks_operators_ca(id=id_))
    busy(lambda: bench.client.delete_sks_cluster(id=id_))
    busy(lambda: bench.new_nodepool(id_))
    busy(lambda: bench.client.scale_sks_nodepool(id=id_, sks_nodepool_id=nodepool, size=3))
    busy(lambda: bench.client.delete_sks_nodepool(id=id_, sks_nodepool_id=nodepool))


def test_a_cluster_that_is_being_made_has_no_credentials_yet(bench: Bench) -> None:
    id_ = bench.client.create_sks_cluster(name="c", level="starter", version=NEWEST)["reference"]["id"]
    busy(lambda: bench.client.get_sks_cluster_authority_cert(id=id_, authority="kubelet"))
    busy(lambda: bench.client.generate_sks_cluster_kubeconfig(id=id_, user="u", groups=[]))


@pytest.mark.parametrize("size", ["micro", "tiny"])
def test_a_nodepool_of_machines_that_are_too_small_is_refused(bench: Bench, size: str) -> None:
    small = {"id": identity("instance-type", f"standard.{size}")}
    assert size in refused(lambda: bench.new_nodepool(bench.cluster(), instance_type=small), 409)


def test_credentials_of_an_addon_that_is_not_there_cannot_be_rotated(bench: Bench) -> None:
    id_ = bench.cluster(addons=[])
    assert CCM in refused(lambda: bench.client.rotate_sks_ccm_credentials(id=id_), 409)
    assert "karpenter" in refused(lambda: bench.client.rotate_sks_karpenter_credentials(id=id_), 409)


# Nodepools


def test_a_busy_nodepool_refuses_every_change(bench: Bench) -> None:
    cluster = bench.cluster()
    id_ = bench.new_nodepool(cluster)["reference"]["id"]
    for change in (
        lambda: bench.client.update_sks_nodepool(id=cluster, sks_nodepool_id=id_, name="n"),
        lambda: bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=id_, size=3),
        lambda: bench.client.evict_sks_nodepool_members(id=cluster, sks_nodepool_id=id_, instances=[]),
        lambda: bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=id_),
    ):
        assert refused(change, 409) == "The nodepool is already being updated."


def test_a_nodepool_being_deleted_cannot_be_deleted_again(bench: Bench) -> None:
    cluster = bench.cluster()
    id_ = bench.nodepool(cluster)["id"]
    bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=id_)
    message = refused(lambda: bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=id_), 409)
    assert message == "The nodepool is already being updated."


def test_a_pool_locked_by_an_nlb_cannot_be_deleted(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    pool_id = nodepool["instance-pool"]["id"]
    balancer = bench.balancer()
    service = bench.service(balancer, pool_id)
    expected = f"Operation destroyInstancePool on resource {pool_id} is forbidden - reason: Locked by NLB {balancer}"
    delete = {"id": cluster, "sks_nodepool_id": nodepool["id"]}
    assert refused(lambda: bench.client.delete_sks_nodepool(**delete), 403) == expected
    assert refused(lambda: bench.client.delete_instance_pool(id=pool_id), 403) == expected
    assert bench.shown_nodepool(cluster, nodepool["id"]) == nodepool
    bench.done(bench.client.delete_load_balancer_service(id=balancer, service_id=service["id"]))
    bench.done(bench.client.delete_sks_nodepool(**delete))


def test_a_load_balancer_locks_until_it_is_really_gone(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    balancer = bench.balancer()
    bench.service(balancer, nodepool["instance-pool"]["id"])
    started = bench.client.delete_load_balancer(id=balancer)
    delete = {"id": cluster, "sks_nodepool_id": nodepool["id"]}
    assert "Locked by NLB" in refused(lambda: bench.client.delete_sks_nodepool(**delete), 403)
    bench.done(started)
    bench.done(bench.client.delete_sks_nodepool(**delete))


def test_a_pool_that_an_nlb_targets_may_still_be_scaled(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    bench.service(bench.balancer(), nodepool["instance-pool"]["id"])
    bench.done(bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=1))


def test_without_the_lock_the_nodepool_goes_and_the_load_balancer_targets_nothing(bench: Bench) -> None:
    bench.cloud.rules.nodepool_locked_by_load_balancer = False
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    balancer = bench.balancer()
    bench.service(balancer, nodepool["instance-pool"]["id"])
    bench.done(bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"]))
    (service,) = bench.client.get_load_balancer(id=balancer)["services"]
    assert service["instance-pool"] == nodepool["instance-pool"]
    assert service["healthcheck-status"] == []


def test_an_anti_affinity_group_holds_eight_instances_at_most(bench: Bench) -> None:
    cluster = bench.cluster()
    group = bench.done(bench.client.create_anti_affinity_group(name="g"))
    spread = {"anti_affinity_groups": [{"id": group}]}
    nine = refused(lambda: bench.new_nodepool(cluster, size=9, **spread), 409)
    assert nine == f"Anti-affinity Group {group} holds at most 8 instances: it has 0, no room for 9 more"
    assert bench.client.list_instance_pools()["instance-pools"] == []
    five = bench.nodepool(cluster, size=5, **spread)
    bench.nodepool(cluster, size=3, **spread)
    assert "it has 8" in refused(
        lambda: bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=five["id"], size=6), 409
    )
    assert bench.shown_nodepool(cluster, five["id"]) == five
    bench.done(bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=five["id"], size=4))


@pytest.mark.parametrize(
    "body",
    [
        {"instance_type": {"id": NOWHERE}},
        {"security_groups": [{"id": NOWHERE}]},
        {"anti_affinity_groups": [{"id": NOWHERE}]},
        {"private_networks": [{"id": NOWHERE}]},
        {"deploy_target": {"id": NOWHERE}},
    ],
)
def test_a_nodepool_cannot_name_what_does_not_exist(bench: Bench, body: dict[str, Any]) -> None:
    cluster = bench.cluster()
    assert NOWHERE in refused(lambda: bench.new_nodepool(cluster, **body), 404)
    id_ = bench.nodepool(cluster)["id"]
    refused(lambda: bench.client.update_sks_nodepool(id=cluster, sks_nodepool_id=id_, **body), 404)


@pytest.mark.parametrize("body", [{"name": "Workers"}, {"instance_prefix": "Web"}, {"instance_prefix": "web_"}])
def test_names_of_nodepools_and_nodes_are_lowercase(bench: Bench, body: dict[str, str]) -> None:
    cluster = bench.cluster()
    assert "lowercase" in refused(lambda: bench.new_nodepool(cluster, **body), 400)


def test_a_nodepool_needs_a_size_and_twenty_gib(bench: Bench) -> None:
    cluster = bench.cluster()
    refused(lambda: bench.new_nodepool(cluster, size=0), 400)
    refused(lambda: bench.new_nodepool(cluster, disk_size=19), 400)


def test_a_cluster_has_sixteen_nodepools_at_most(bench: Bench) -> None:
    cluster = bench.cluster()
    for _ in range(16):
        bench.new_nodepool(cluster, size=1)
    assert "16 Nodepools" in refused(lambda: bench.new_nodepool(cluster, size=1), 409)


def test_only_members_can_be_evicted(bench: Bench) -> None:
    cluster = bench.cluster()
    one, other = bench.nodepool(cluster), bench.nodepool(cluster)
    mine = bench.instances(one["instance-pool"]["id"])[0]["id"]
    stranger = bench.instances(other["instance-pool"]["id"])[0]["id"]
    evicted = {"id": cluster, "sks_nodepool_id": one["id"], "instances": [mine, stranger]}
    assert stranger in refused(lambda: bench.client.evict_sks_nodepool_members(**evicted), 404)
    assert bench.shown_nodepool(cluster, one["id"]) == one
    assert [instance["state"] for instance in bench.instances(one["instance-pool"]["id"])] == ["running"] * 2


def test_a_nodepool_is_found_only_inside_its_own_cluster(bench: Bench) -> None:
    mine, other = bench.cluster(), bench.cluster()
    id_ = bench.nodepool(mine)["id"]
    assert refused(lambda: bench.client.get_sks_nodepool(id=other, sks_nodepool_id=id_), 404)
    assert refused(lambda: bench.client.delete_sks_nodepool(id=other, sks_nodepool_id=id_), 404)


# Instance pools and instances


def test_only_its_nodepool_may_change_a_managed_pool(bench: Bench) -> None:
    nodepool = bench.nodepool(bench.cluster())
    id_ = nodepool["instance-pool"]["id"]
    instance = bench.instances(id_)[0]["id"]
    for command, change in (
        ("scaleInstancePool", lambda: bench.client.scale_instance_pool(id=id_, size=1)),
        ("evictInstancePoolMembers", lambda: bench.client.evict_instance_pool_members(id=id_, instances=[instance])),
        ("updateInstancePool", lambda: bench.client.update_instance_pool(id=id_, name="n")),
        ("updateInstancePool", lambda: bench.client.reset_instance_pool_field(id=id_, field="labels")),
        ("destroyInstancePool", lambda: bench.client.delete_instance_pool(id=id_)),
    ):
        assert refused(change, 403) == (
            f"Operation {command} on resource {id_} is forbidden - reason: Locked by SKS Nodepool {nodepool['id']}"
        )
    assert "Locked by Instance Pool" in refused(lambda: bench.client.delete_instance(id=instance), 403)
    assert len(bench.instances(id_)) == 2


# Whatever it is


def test_an_unknown_id_is_not_found(bench: Bench) -> None:
    client = bench.client
    for call in (
        lambda: client.get_sks_cluster(id=NOWHERE),
        lambda: client.update_sks_cluster(id=NOWHERE, name="n"),
        lambda: client.delete_sks_cluster(id=NOWHERE),
        lambda: client.generate_sks_cluster_kubeconfig(id=NOWHERE, user="u", groups=[]),
        lambda: client.get_sks_cluster_authority_cert(id=NOWHERE, authority="kubelet"),
        lambda: client.get_sks_cluster_inspection(id=NOWHERE),
        lambda: client.list_sks_cluster_deprecated_resources(id=NOWHERE),
        lambda: client.rotate_sks_karpenter_credentials(id=NOWHERE),
        lambda: client.rotate_sks_operators_ca(id=NOWHERE),
        lambda: client.generate_sks_karpenter_nodepool(id=NOWHERE),
        lambda: client.generate_sks_karpenter_exoscale_nodeclass(id=NOWHERE),
        lambda: client.get_deploy_target(id=NOWHERE),
        lambda: bench.new_nodepool(NOWHERE),
        lambda: client.get_instance_pool(id=NOWHERE),
        lambda: client.scale_instance_pool(id=NOWHERE, size=1),
        lambda: client.get_instance(id=NOWHERE),
        lambda: client.get_load_balancer(id=NOWHERE),
        lambda: client.delete_load_balancer(id=NOWHERE),
        lambda: bench.new_service(NOWHERE, NOWHERE),
    ):
        assert refused(call, 404).endswith(f"{NOWHERE} not found")
    balancer = bench.balancer()
    refused(lambda: client.get_load_balancer_service(id=balancer, service_id=NOWHERE), 404)
    refused(lambda: client.delete_load_balancer_service(id=balancer, service_id=NOWHERE), 404)


def test_another_zone_does_not_find_them(bench: Bench, connected: Any) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    balancer = bench.balancer()
    elsewhere = connected(zone="de-fra-1")
    refused(lambda: elsewhere.get_sks_cluster(id=cluster), 404)
    refused(lambda: elsewhere.get_instance_pool(id=nodepool["instance-pool"]["id"]), 404)
    refused(lambda: elsewhere.get_load_balancer(id=balancer), 404)
    assert elsewhere.list_instances()["instances"] == []
