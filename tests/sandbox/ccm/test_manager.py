"""The CCM with a real API server: what becomes of Services, of their load balancers, and of nodes."""

import time

import pytest

from sandbox.ccm import services
from sandbox.ccm.nodes import SHUTDOWN
from sandbox.faults import Fault
from tests.sandbox.ccm.running_cluster import RunningCluster
from tests.sandbox.waiting import eventually

pytestmark = pytest.mark.engine


def _stays(cluster: RunningCluster, seconds: float = 1.0) -> list[str]:
    """Ids of the load balancers after a while in which a CCM would have done several syncs."""
    time.sleep(seconds)  # that nothing happens cannot be awaited
    return [item["id"] for item in cluster.load_balancers()]


def _refused_its_own_name(cluster: RunningCluster) -> bool:
    """Whether the CCM was refused an NLB because one has its name already, which nobody knows."""
    return any("already exists" in said for said in cluster.events("SyncLoadBalancerFailed"))


def test_a_service_gets_a_load_balancer_and_its_address(cluster: RunningCluster) -> None:
    cluster.apply()
    address = eventually(cluster.address)

    nlb = cluster.only_load_balancer()
    assert nlb["ip"] == address
    assert cluster.annotation("id") == nlb["id"]
    assert cluster.annotation("service-instancepool-id") == cluster.workers["id"]
    stored = cluster.service()
    assert stored
    assert services.FINALIZER in stored["metadata"]["finalizers"]
    (item,) = nlb["services"]
    assert item["target-port"] == stored["spec"]["ports"][0]["nodePort"]
    eventually(lambda: cluster.events("EnsuredLoadBalancer") == ["Ensured load balancer"])
    assert cluster.events("EnsuringLoadBalancer") == ["Ensuring load balancer"]
    assert cluster.events("SyncLoadBalancerFailed") == []


def test_deleting_the_service_deletes_its_load_balancer(cluster: RunningCluster) -> None:
    cluster.apply(ports=(80, 443))
    eventually(cluster.address)
    cluster.delete()
    eventually(lambda: cluster.service() is None)
    assert cluster.load_balancers() == []


def test_another_type_gives_the_load_balancer_back(cluster: RunningCluster) -> None:
    cluster.apply()
    eventually(cluster.address)
    cluster.apply(type="ClusterIP")
    eventually(lambda: not cluster.load_balancers())
    eventually(lambda: not cluster.address())  # Kubernetes' own work, which may come before the CCM's last
    eventually(lambda: "finalizers" not in (cluster.service() or {"metadata": {"finalizers": []}})["metadata"])
    cluster.apply()
    eventually(cluster.address)


def test_a_service_with_a_load_balancer_class_is_left_alone(cluster: RunningCluster) -> None:
    cluster.apply(loadBalancerClass="example.com/other")
    assert _stays(cluster) == []
    stored = cluster.service()
    assert stored
    assert "finalizers" not in stored["metadata"]


def test_changed_ports_and_pool_follow(cluster: RunningCluster) -> None:
    cluster.apply(ports=(80, 443))
    eventually(cluster.address)
    other = cluster.nodepool("other")
    cluster.apply({"service-instancepool-id": other["id"]}, ports=(443, 8080))

    def aims() -> set[tuple[int, str]]:
        found = cluster.only_load_balancer()["services"]
        return {(item["port"], item["instance-pool"]["id"]) for item in found}

    eventually(lambda: aims() == {(443, other["id"]), (8080, other["id"])})


def test_two_pools_are_refused_until_the_service_names_one(cluster: RunningCluster) -> None:
    other = cluster.instance(cluster.nodepool("other"))
    eventually(lambda: cluster.node(other)["spec"].get("providerID"))
    cluster.apply()
    message = (
        "Error syncing load balancer: failed to ensure load balancer: "
        "multiple Instance Pools detected across cluster Nodes, "
        "an Instance Pool ID must be specified in Service manifest annotations"
    )
    eventually(lambda: message in cluster.events("SyncLoadBalancerFailed"))
    assert cluster.load_balancers() == []

    cluster.annotate("service-instancepool-id", cluster.workers["id"])
    eventually(cluster.address)


def test_an_external_load_balancer_stays_and_loses_its_services(cluster: RunningCluster) -> None:
    ours = cluster.own_load_balancer("ours")
    cluster.apply({"external": "true", "name": "ours"})
    assert eventually(cluster.address) == ours["ip"]
    assert cluster.annotation("id") == ours["id"]
    assert [item["port"] for item in cluster.only_load_balancer()["services"]] == [80]

    cluster.delete()

    eventually(lambda: cluster.service() is None)
    assert _stays(cluster) == [ours["id"]]
    assert cluster.only_load_balancer()["services"] == []


def test_a_service_made_anew_under_its_name_gives_up_the_old_load_balancer(cluster: RunningCluster) -> None:
    cluster.apply()
    eventually(cluster.address)
    (old,) = cluster.load_balancers()
    cluster.force_delete()
    cluster.apply()
    eventually(cluster.address)
    assert cluster.only_load_balancer()["id"] == cluster.annotation("id") != old["id"]


def test_an_unknown_external_name_is_an_event(cluster: RunningCluster) -> None:
    cluster.apply({"external": "true", "name": "unknown"})
    message = (
        "Error syncing load balancer: failed to ensure load balancer: "
        'NLB instance is marked external by name "unknown", but no matching NLB was found'
    )
    eventually(lambda: message in cluster.events("SyncLoadBalancerFailed"))


def test_a_load_balancer_whose_id_annotation_was_removed_leaks(cluster: RunningCluster) -> None:
    cluster.apply()
    eventually(cluster.address)
    (leaked,) = cluster.load_balancers()
    cluster.kill_ccm()  # a running one would make a second one of the change
    cluster.annotate("id", None)
    cluster.delete()
    cluster.revive_ccm()

    eventually(lambda: cluster.service() is None)
    assert _stays(cluster) == [leaked["id"]]


def test_a_finalizer_removed_by_hand_leaks_the_load_balancer(cluster: RunningCluster) -> None:
    cluster.apply()
    eventually(cluster.address)
    (leaked,) = cluster.load_balancers()
    cluster.force_delete()
    assert cluster.service() is None
    assert _stays(cluster) == [leaked["id"]]


def test_killed_between_create_and_annotation_it_orphans_one_and_is_refused_another(cluster: RunningCluster) -> None:
    cluster.cloud.faults.arm(Fault("create-load-balancer", "kill-ccm"))
    cluster.apply()
    (orphan,) = eventually(cluster.load_balancers)
    assert _stays(cluster) == [orphan["id"]]
    assert cluster.annotation("id") == ""
    assert cluster.address() == ""

    cluster.revive_ccm()
    eventually(lambda: _refused_its_own_name(cluster))

    assert cluster.annotation("id") == ""
    assert cluster.address() == ""
    cluster.delete()
    eventually(lambda: cluster.service() is None)
    assert _stays(cluster) == [orphan["id"]]


def test_a_killed_one_changes_nothing_any_more(cluster: RunningCluster) -> None:
    cluster.kill_ccm()
    cluster.apply()
    assert _stays(cluster) == []
    stored = cluster.service()
    assert stored
    assert "finalizers" not in stored["metadata"]


def test_a_lost_reply_to_the_create_leaves_an_orphan_and_the_service_without_an_address(
    cluster: RunningCluster,
) -> None:
    cluster.cloud.faults.arm(Fault("create-load-balancer", "lose-reply"))
    cluster.apply()
    eventually(lambda: _refused_its_own_name(cluster))
    (orphan,) = cluster.load_balancers()
    assert cluster.annotation("id") == ""
    assert cluster.address() == ""

    cluster.delete()
    eventually(lambda: cluster.service() is None)
    assert _stays(cluster) == [orphan["id"]]


def test_with_a_revoked_key_the_service_hangs_until_the_key_is_good_again(cluster: RunningCluster) -> None:
    cluster.apply()
    eventually(cluster.address)
    cluster.revoke_key()
    cluster.delete()
    message = (
        "Error syncing load balancer: failed to check if load balancer exists before cleanup: "
        "GetLoadBalancer: http response: Forbidden: "
    )
    eventually(lambda: [said for said in cluster.events("SyncLoadBalancerFailed") if said.startswith(message)])
    assert len(_stays(cluster)) == 1
    assert cluster.is_terminating()

    cluster.restore_key()

    eventually(lambda: cluster.service() is None)
    assert cluster.load_balancers() == []


def test_ports_changed_while_it_was_down_keep_the_load_balancer_at_deletion(cluster: RunningCluster) -> None:
    cluster.apply(ports=(80, 443))
    eventually(cluster.address)
    (kept,) = cluster.load_balancers()
    cluster.kill_ccm()
    cluster.apply(ports=(443,))
    cluster.delete()
    cluster.revive_ccm()

    eventually(lambda: cluster.service() is None)
    assert _stays(cluster) == [kept["id"]]
    assert [item["port"] for item in cluster.only_load_balancer()["services"]] == [80]


def test_it_goes_on_after_the_api_server_was_away(cluster: RunningCluster) -> None:
    cluster.planes.kill(cluster.id, "api-server")
    cluster.planes.revive(cluster.id, "api-server")
    cluster.apply()
    eventually(cluster.address)
    cluster.delete()
    eventually(lambda: cluster.service() is None)
    assert cluster.load_balancers() == []


def test_the_order_to_stop_lets_it_finish_what_it_does(cluster: RunningCluster) -> None:
    cluster.cloud.faults.arm(Fault("create-load-balancer", "delay", seconds=0.5))
    cluster.apply()
    eventually(lambda: not cluster.cloud.faults.armed())
    cluster.ccm.stop()
    cluster.ccm.stop()
    assert cluster.annotation("id") == cluster.only_load_balancer()["id"]
    assert cluster.ccm_threads() == []
    cluster.ccm.start()
    eventually(cluster.address)
    assert len(cluster.load_balancers()) == 1


def test_a_killed_one_leaves_no_thread(cluster: RunningCluster) -> None:
    assert cluster.ccm_threads()
    cluster.kill_ccm()
    cluster.kill_ccm()
    eventually(lambda: not cluster.ccm_threads())


def test_a_new_node_learns_from_its_instance_who_it_is(cluster: RunningCluster) -> None:
    instance = cluster.instance(cluster.workers)
    eventually(lambda: cluster.node(instance)["spec"].get("providerID"))

    node = cluster.node(instance)
    assert node["spec"]["providerID"] == f"exoscale://{instance['id']}"
    assert "node.cloudprovider.kubernetes.io/uninitialized" not in str(node["spec"].get("taints"))
    labels = node["metadata"]["labels"]
    assert labels["node.kubernetes.io/instance-type"] == "standard.small"
    assert labels["beta.kubernetes.io/instance-type"] == "standard.small"
    for prefix in ("topology.kubernetes.io", "failure-domain.beta.kubernetes.io"):
        assert labels[f"{prefix}/region"] == labels[f"{prefix}/zone"] == "ch-gva-2"
    addresses = {(item["type"], item["address"]) for item in node["status"]["addresses"]}
    assert addresses == {
        ("Hostname", instance["name"]),
        ("ExternalIP", instance["public-ip"]),
        ("InternalIP", instance["public-ip"]),
    }


def test_a_node_stays_uninitialised_while_the_key_is_refused(cluster: RunningCluster) -> None:
    cluster.revoke_key()
    instance = cluster.instance(cluster.workers)
    eventually(lambda: cluster.node(instance)["spec"])
    _stays(cluster)
    assert "providerID" not in cluster.node(instance)["spec"]
    cluster.restore_key()
    eventually(lambda: cluster.node(instance)["spec"].get("providerID"))


def test_a_silent_node_goes_with_its_instance_and_only_then(cluster: RunningCluster) -> None:
    instance = cluster.instance(cluster.workers)
    eventually(lambda: cluster.node(instance)["spec"].get("providerID"))

    cluster.cloud.store.put("instance", {**instance, "state": "stopped"})
    cluster.planes.sync(cluster.id)
    eventually(lambda: SHUTDOWN in str(cluster.node(instance)["spec"].get("taints")))

    cluster.revoke_key()
    cluster.cloud.store.delete("instance", instance["id"])
    _stays(cluster)
    assert cluster.node(instance)["spec"]  # a refusal says nothing about the instance
    cluster.restore_key()
    eventually(lambda: not cluster.node(instance)["spec"])


def test_more_nodes_are_told_to_the_load_balancer(cluster: RunningCluster) -> None:
    cluster.apply()
    eventually(cluster.address)
    cluster.instance(cluster.workers)
    eventually(lambda: "Updated load balancer with new hosts" in cluster.events("UpdatedLoadBalancer"))
