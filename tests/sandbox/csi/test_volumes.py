"""Claims, their volumes and the pods that use them, with a real API server: what is made, attached, freed, leaked."""

import time

import pytest

from sandbox.csi import attacher
from sandbox.csi.driver import ZONE_TOPOLOGY
from sandbox.csi.kubelets import MOST_VOLUMES
from sandbox.csi.provisioner import FINALIZER, PROVISIONED_BY
from sandbox.faults import Fault
from tests.sandbox.ccm.world import ZONE
from tests.sandbox.csi.stored_cluster import StoredCluster
from tests.sandbox.waiting import eventually

pytestmark = pytest.mark.engine


def _stays(cluster: StoredCluster, seconds: float = 1.0) -> int:
    """How many volumes there are after a while in which a controller would have done several syncs."""
    time.sleep(seconds)  # that nothing happens cannot be awaited
    return len(cluster.volumes())


def _phase(cluster: StoredCluster, volume: str) -> str:
    found = cluster.find("pv", volume)
    return str(found["status"]["phase"]) if found else ""


def _holder(cluster: StoredCluster) -> str:
    """Id of the instance that holds the volume, empty as long as none does."""
    return next((str(volume["instance"]["id"]) for volume in cluster.volumes() if volume["state"] == "attached"), "")


def test_a_new_cluster_shows_the_two_storage_classes_of_the_real_one(cluster: StoredCluster) -> None:
    header, *rows = cluster.kubectl("get", "storageclass").splitlines()
    assert header.split()[:5] == ["NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION"]
    assert [row.split()[:5] for row in rows] == [
        ["exoscale-bs-retain", "csi.exoscale.com", "Retain", "Immediate", "true"],
        ["exoscale-sbs", "csi.exoscale.com", "Delete", "Immediate", "true"],
    ]


@pytest.mark.parametrize(
    ("account", "verb", "resource"),
    [
        ("exoscale-csi-controller", "patch", "volumeattachments.storage.k8s.io"),
        ("exoscale-csi-controller", "list", "csinodes.storage.k8s.io"),
        ("exoscale-csi-controller", "delete", "persistentvolumes"),
        ("exoscale-csi-controller", "update", "leases.coordination.k8s.io"),
        ("exoscale-csi-node", "get", "nodes"),
    ],
)
def test_the_drivers_service_accounts_may_do_what_the_driver_does(
    cluster: StoredCluster, account: str, verb: str, resource: str
) -> None:
    """So that the real driver starts in a cluster of ours, with the account that it is deployed with."""
    whose = f"--as=system:serviceaccount:kube-system:{account}"
    assert cluster.kubectl("auth", "can-i", verb, resource, whose) == "yes\n"


def test_the_nodes_have_the_driver_without_its_controller_too(cluster: StoredCluster) -> None:
    cluster.planes.kill(cluster.id, "csi")
    eventually(lambda: cluster.csi_threads() == [])
    instance = cluster.instance(cluster.workers)
    eventually(lambda: (cluster.find("csinode", instance["name"]) or {"spec": {}})["spec"].get("drivers"))
    cluster.destroy(instance)


def test_a_volume_that_was_detached_by_hand_is_never_let_go(cluster: StoredCluster) -> None:
    cluster.claim()
    cluster.bound()
    cluster.pod()
    eventually(lambda: _holder(cluster))
    with cluster.cloud.lock:
        volume = {**cluster.only_volume(), "state": "detached"}
        del volume["instance"]
        cluster.cloud.store.put("block-storage", volume)
    cluster.drop("pod", "user")

    def refused() -> bool:
        attachments = cluster.objects("volumeattachment")
        errors = [item.get("status", {}).get("detachError") or {} for item in attachments]
        return any(error.get("message", "").endswith("http response: Conflict") for error in errors)

    eventually(refused)
    cluster.drop("pvc", "data")
    assert _stays(cluster) == 1


def test_a_claim_gets_one_volume_named_after_it_and_without_labels(cluster: StoredCluster) -> None:
    cluster.claim(size="20Gi")
    persistent = cluster.bound()
    volume = cluster.only_volume()
    claim = cluster.find("pvc", "data")
    assert claim
    assert volume["name"] == persistent["metadata"]["name"] == f"pvc-{claim['metadata']['uid']}"
    assert (volume["size"], volume["state"], volume["labels"]) == (20, "detached", {})
    assert persistent["spec"]["csi"]["volumeHandle"] == f"{ZONE}/{volume['id']}"
    assert persistent["spec"]["claimRef"]["uid"] == claim["metadata"]["uid"]
    assert persistent["metadata"]["annotations"][PROVISIONED_BY] == "csi.exoscale.com"
    assert set(persistent["metadata"]["finalizers"]) == {FINALIZER, "kubernetes.io/pv-protection"}
    created = f"Successfully provisioned volume {volume['name']}"
    eventually(lambda: created in cluster.said("data", "ProvisioningSucceeded"))


def test_deleting_a_claim_deletes_its_volume_before_its_object(cluster: StoredCluster) -> None:
    cluster.claim()
    name = cluster.bound()["metadata"]["name"]
    cluster.cloud.faults.arm(Fault("delete-block-storage-volume", "status", status=409, message="not now", times=3))
    cluster.drop("pvc", "data")
    eventually(lambda: any("Conflict" in said for said in cluster.said(name, "VolumeFailedDelete")))
    eventually(lambda: not _phase(cluster, name))
    assert cluster.volumes() == []


def test_a_retained_volume_outlives_its_claim(cluster: StoredCluster) -> None:
    cluster.claim(class_="exoscale-bs-retain")
    name = cluster.bound()["metadata"]["name"]
    cluster.drop("pvc", "data")
    eventually(lambda: _phase(cluster, name) == "Released")
    assert _stays(cluster) == 1
    cluster.drop("pv", name)  # no finalizer of ours holds the object, and the volume leaks
    eventually(lambda: not _phase(cluster, name))
    assert _stays(cluster, 0.2) == 1


def test_a_volume_whose_policy_became_retain_outlives_its_claim(cluster: StoredCluster) -> None:
    cluster.claim()
    name = cluster.bound()["metadata"]["name"]
    cluster.kubectl("patch", "pv", name, "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}')
    eventually(lambda: FINALIZER not in (cluster.find("pv", name) or {"metadata": {}})["metadata"]["finalizers"])
    cluster.drop("pvc", "data")
    eventually(lambda: _phase(cluster, name) == "Released")
    assert _stays(cluster) == 1


def test_the_claims_of_a_stateful_set_outlive_it_with_their_volumes(cluster: StoredCluster) -> None:
    cluster.stateful_set("db", replicas=2)
    eventually(lambda: [volume["state"] for volume in cluster.volumes()] == ["attached", "attached"])
    cluster.drop("statefulset", "db")
    eventually(lambda: [volume["state"] for volume in cluster.volumes()] == ["detached", "detached"])
    assert len(cluster.objects("pvc")) == 2


def test_a_claim_that_cannot_be_served_says_why(cluster: StoredCluster) -> None:
    cluster.claim(size="1G")
    reason = (
        'failed to provision volume with StorageClass "exoscale-sbs": rpc error: code = Unknown desc = '
        "requested size in bytes cannot be exactly converted to GiB: 1000000000"
    )
    eventually(lambda: reason in cluster.said("data", "ProvisioningFailed"))
    assert cluster.volumes() == []


def test_a_claim_of_another_provisioner_is_left_alone(cluster: StoredCluster) -> None:
    cluster.claim(class_="")
    assert _stays(cluster) == 0


def test_a_refused_key_provisions_nothing_until_it_is_good_again(cluster: StoredCluster) -> None:
    cluster.cloud.store.delete("api-key", cluster.csi_key["id"])
    cluster.claim()
    eventually(lambda: any("Forbidden" in said for said in cluster.said("data", "ProvisioningFailed")))
    assert cluster.volumes() == []
    cluster.cloud.store.put("api-key", cluster.csi_key)
    cluster.bound()


def test_a_killed_controller_stops_at_once_and_does_its_work_when_it_is_back(cluster: StoredCluster) -> None:
    cluster.claim()
    name = cluster.bound()["metadata"]["name"]
    cluster.planes.kill(cluster.id, "csi")
    eventually(lambda: cluster.csi_threads() == [])
    cluster.drop("pvc", "data")
    cluster.claim("more")
    eventually(lambda: _phase(cluster, name) == "Released")
    assert _stays(cluster) == 1

    cluster.planes.revive(cluster.id, "csi")
    cluster.bound("more")
    eventually(lambda: not _phase(cluster, name))
    assert cluster.only_volume()["name"] != name


def test_a_controller_that_died_before_it_saw_its_volume_finds_it_by_name(cluster: StoredCluster) -> None:
    cluster.cloud.faults.arm(Fault("create-block-storage-volume", "kill-csi"))
    cluster.claim()
    eventually(cluster.volumes)
    eventually(lambda: cluster.csi_threads() == [])
    assert cluster.objects("pv") == []
    cluster.planes.revive(cluster.id, "csi")
    cluster.bound()
    assert len(cluster.volumes()) == 1


def test_a_volume_that_nobody_wrote_down_leaks_when_its_claim_goes(cluster: StoredCluster) -> None:
    cluster.cloud.faults.arm(Fault("create-block-storage-volume", "kill-csi"))
    cluster.claim()
    eventually(cluster.volumes)
    cluster.drop("pvc", "data")
    eventually(lambda: not cluster.objects("pvc"))
    cluster.planes.revive(cluster.id, "csi")
    assert _stays(cluster) == 1
    assert cluster.objects("pv") == []


def test_without_a_node_there_is_no_controller_and_the_volume_leaks(cluster: StoredCluster) -> None:
    cluster.claim()
    name = cluster.bound()["metadata"]["name"]
    for instance in cluster.cloud.store.list("instance"):
        cluster.destroy(instance)
    cluster.drop("pvc", "data")
    eventually(lambda: _phase(cluster, name) == "Released")
    assert _stays(cluster) == 1


def test_a_node_is_known_to_the_driver_by_its_instance_and_zone(cluster: StoredCluster) -> None:
    for instance in cluster.cloud.store.list("instance"):
        known = cluster.find("csinode", instance["name"])
        assert known
        (driver,) = known["spec"]["drivers"]
        assert driver["nodeID"] == f"{ZONE}/{instance['id']}"
        assert driver["allocatable"] == {"count": MOST_VOLUMES}
        assert cluster.node(instance)["metadata"]["labels"][ZONE_TOPOLOGY] == ZONE


def test_the_volume_of_a_pod_is_attached_to_the_instance_of_its_node(cluster: StoredCluster) -> None:
    _, instance = cluster.cloud.store.list("instance")
    cluster.claim()
    cluster.pod(node=instance["name"])
    assert eventually(lambda: _holder(cluster)) == instance["id"]
    (attachment,) = cluster.objects("volumeattachment")
    assert attachment["spec"]["nodeName"] == instance["name"]
    eventually(lambda: cluster.objects("volumeattachment")[0]["status"]["attached"])
    assert attacher.FINALIZER in cluster.bound()["metadata"]["finalizers"]


def test_the_volume_is_free_when_its_pod_is_gone(cluster: StoredCluster) -> None:
    cluster.claim()
    cluster.pod()
    eventually(lambda: _holder(cluster))
    cluster.drop("pod", "user")
    eventually(lambda: cluster.only_volume()["state"] == "detached")
    eventually(lambda: cluster.objects("volumeattachment") == [])


def test_the_volume_follows_its_claim_to_another_node(cluster: StoredCluster) -> None:
    first, second = cluster.cloud.store.list("instance")
    cluster.claim()
    cluster.pod("here", node=first["name"])
    assert eventually(lambda: _holder(cluster)) == first["id"]
    cluster.drop("pod", "here")
    cluster.pod("there", node=second["name"])
    eventually(lambda: _holder(cluster) == second["id"])


def test_a_claim_in_use_keeps_its_volume_until_the_pod_is_gone(cluster: StoredCluster) -> None:
    cluster.claim()
    cluster.pod()
    eventually(lambda: _holder(cluster))
    cluster.drop("pvc", "data")
    claim = cluster.find("pvc", "data")
    assert claim
    assert "deletionTimestamp" in claim["metadata"]
    cluster.drop("pod", "user")
    eventually(lambda: not cluster.objects("pv"))
    assert cluster.volumes() == []


def test_a_volume_that_cannot_be_attached_says_why_and_is_tried_again(cluster: StoredCluster) -> None:
    fault = Fault("attach-block-storage-volume-to-instance", "status", status=409, message="not now", times=1000)
    cluster.cloud.faults.arm(fault)
    cluster.claim()
    cluster.pod()
    eventually(lambda: any("Conflict" in said for said in cluster.said("user", "FailedAttachVolume")))
    cluster.cloud.faults.clear()
    eventually(lambda: _holder(cluster))


def test_a_volume_outlives_the_instance_and_the_node_of_its_pod(cluster: StoredCluster) -> None:
    first, _ = cluster.cloud.store.list("instance")
    cluster.claim()
    cluster.pod(node=first["name"])
    assert eventually(lambda: _holder(cluster)) == first["id"]
    cluster.destroy(first)
    assert cluster.only_volume()["state"] == "detached"
    assert "instance" not in cluster.only_volume()


def test_a_released_volume_waits_until_it_is_attached_nowhere(cluster: StoredCluster) -> None:
    instance, _ = cluster.cloud.store.list("instance")
    cluster.claim()
    name = cluster.bound()["metadata"]["name"]
    cluster.attachment("by-hand", name, instance["name"])
    assert eventually(lambda: _holder(cluster)) == instance["id"]
    cluster.drop("pvc", "data")
    reason = f"persistentvolume {name} is still attached to node {instance['name']}"
    eventually(lambda: reason in cluster.said(name, "VolumeFailedDelete"))
    cluster.drop("volumeattachment", "by-hand")
    eventually(lambda: not cluster.objects("pv"))
    assert cluster.volumes() == []
