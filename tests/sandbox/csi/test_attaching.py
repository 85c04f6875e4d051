"""Volumes of pods with a real API server: attached where the pod is, free when it is not."""

import pytest

from sandbox.csi.attacher import FINALIZER
from sandbox.csi.driver import ZONE_TOPOLOGY
from sandbox.csi.kubelets import MOST_VOLUMES
from sandbox.faults import Fault
from tests.sandbox.ccm.world import ZONE
from tests.sandbox.csi.stored_cluster import StoredCluster
from tests.sandbox.waiting import eventually

pytestmark = pytest.mark.engine


def _instance(cluster: StoredCluster) -> str:
    """Id of the instance that holds the volume, empty as long as none does."""
    return next((str(volume["instance"]["id"]) for volume in cluster.volumes() if volume["state"] == "attached"), "")


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
    assert eventually(lambda: _instance(cluster)) == instance["id"]
    (attachment,) = cluster.objects("volumeattachment")
    assert attachment["spec"]["nodeName"] == instance["name"]
    eventually(lambda: cluster.objects("volumeattachment")[0]["status"]["attached"])
    assert FINALIZER in cluster.bound()["metadata"]["finalizers"]


def test_the_volume_is_free_when_its_pod_is_gone(cluster: StoredCluster) -> None:
    cluster.claim()
    cluster.pod()
    eventually(lambda: _instance(cluster))
    cluster.drop("pod", "user")
    eventually(lambda: cluster.only_volume()["state"] == "detached")
    eventually(lambda: cluster.objects("volumeattachment") == [])


def test_the_volume_follows_its_claim_to_another_node(cluster: StoredCluster) -> None:
    first, second = cluster.cloud.store.list("instance")
    cluster.claim()
    cluster.pod("here", node=first["name"])
    assert eventually(lambda: _instance(cluster)) == first["id"]
    cluster.drop("pod", "here")
    cluster.pod("there", node=second["name"])
    eventually(lambda: _instance(cluster) == second["id"])


def test_a_claim_in_use_keeps_its_volume_until_the_pod_is_gone(cluster: StoredCluster) -> None:
    cluster.claim()
    cluster.pod()
    eventually(lambda: _instance(cluster))
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
    eventually(lambda: any("not now" in said for said in cluster.said("user", "FailedAttachVolume")))
    cluster.cloud.faults.clear()
    eventually(lambda: _instance(cluster))


def test_a_volume_outlives_the_instance_and_the_node_of_its_pod(cluster: StoredCluster) -> None:
    first, _ = cluster.cloud.store.list("instance")
    cluster.claim()
    cluster.pod(node=first["name"])
    assert eventually(lambda: _instance(cluster)) == first["id"]
    cluster.destroy(first)
    assert cluster.only_volume()["state"] == "detached"
    assert "instance" not in cluster.only_volume()


def test_a_released_volume_waits_until_it_is_attached_nowhere(cluster: StoredCluster) -> None:
    instance, _ = cluster.cloud.store.list("instance")
    cluster.claim()
    name = cluster.bound()["metadata"]["name"]
    cluster.attachment("by-hand", name, instance["name"])
    assert eventually(lambda: _instance(cluster)) == instance["id"]
    cluster.drop("pvc", "data")
    reason = f"persistentvolume {name} is still attached to node {instance['name']}"
    eventually(lambda: reason in cluster.said(name, "VolumeFailedDelete"))
    cluster.drop("volumeattachment", "by-hand")
    eventually(lambda: not cluster.objects("pv"))
    assert cluster.volumes() == []
