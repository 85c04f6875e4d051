"""The PersistentVolumeClaims of a cluster whose data is to go with it."""

import time

from teardown.account import Document
from teardown.cluster import Cluster, Say

DRIVER = "csi.exoscale.com"  # of Exoscale's block storage
_VOLUMES = "/api/v1/persistentvolumes"
_PROVISIONER = "volume.kubernetes.io/storage-provisioner"  # annotation by which a claim asks a driver for its volume
_LONGEST_WATCH_SECONDS = 5.0


def volume_ids(cluster: Cluster) -> set[str]:
    """Ids of the block storage volumes behind the cluster's PersistentVolumes, claimed or not."""
    return {volume["spec"]["csi"]["volumeHandle"].rpartition("/")[2] for volume in _persistent_volumes(cluster)}


def remove(cluster: Cluster, patience: float, say: Say) -> None:
    """Deletes the claims and whoever uses them, and waits until the CSI controller has deleted the volumes.

    Volumes of class Retain, and those that nobody deletes in time, stay: the caller deletes them in the cloud.

    Args:
        patience: seconds without any of them going, after which it returns.
    """
    ours = {_claim_of(volume) for volume in _persistent_volumes(cluster)}
    for claim in cluster.items("/api/v1/persistentvolumeclaims"):
        metadata = claim["metadata"]
        key = metadata["namespace"], metadata["name"]
        if metadata.get("annotations", {}).get(_PROVISIONER) == DRIVER:
            ours.add(key)  # its volume may be on the way
        if key in ours and "deletionTimestamp" not in metadata:
            say(f"deleting PersistentVolumeClaim {'/'.join(key)}")
            cluster.delete(f"/api/v1/namespaces/{key[0]}/persistentvolumeclaims/{key[1]}")
    for pod in cluster.items("/api/v1/pods"):  # a claim in use waits for its pods
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if any((namespace, used) in ours for used in _claims_of(pod)):
            cluster.delete(f"/api/v1/namespaces/{namespace}/pods/{name}", gracePeriodSeconds=0)
    _await_deletion(cluster, patience, say)


def _await_deletion(cluster: Cluster, patience: float, say: Say) -> None:
    left, deadline = None, 0.0
    while True:
        listed = cluster.get(_VOLUMES)
        volumes = [
            item
            for item in _of_driver(listed["items"])
            if item["spec"].get("persistentVolumeReclaimPolicy") == "Delete" and item["spec"].get("claimRef")
        ]
        if not volumes:
            return
        if left is None or len(volumes) < left:
            left, deadline = len(volumes), time.monotonic() + patience
            say(f"waiting: the CSI controller deletes {left} volumes")
        elif time.monotonic() > deadline:
            return
        seconds = min(_LONGEST_WATCH_SECONDS, max(0.0, deadline - time.monotonic()))
        cluster.await_change(_VOLUMES, listed["metadata"]["resourceVersion"], seconds)


def _persistent_volumes(cluster: Cluster) -> list[Document]:
    return _of_driver(cluster.items(_VOLUMES))


def _of_driver(volumes: list[Document]) -> list[Document]:
    return [volume for volume in volumes if volume["spec"].get("csi", {}).get("driver") == DRIVER]


def _claim_of(volume: Document) -> tuple[str, str]:
    claim = volume["spec"].get("claimRef") or {}
    return claim.get("namespace", ""), claim.get("name", "")


def _claims_of(pod: Document) -> list[str]:
    volumes = pod["spec"].get("volumes", [])
    return [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume]
