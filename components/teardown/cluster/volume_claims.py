"""Deletes the PersistentVolumeClaims of a cluster whose data is to be deleted with it."""

from collections.abc import Collection
from functools import partial

from ..cloud.account import Document
from .api_server import ApiServer, Say, refusal

DRIVER = "csi.exoscale.com"  # Exoscale's block storage
_VOLUMES = "/api/v1/persistentvolumes"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"  # annotation of a PersistentVolume that a driver made
_PROVISIONER = "volume.kubernetes.io/storage-provisioner"  # annotation by which a claim asks a driver for its volume


def volumes(server: ApiServer) -> tuple[dict[str, str], set[str]]:
    """Returns the block storage volumes behind the cluster's PersistentVolumes, claimed or not.

    Returns:
        The names of those that the CSI driver made, by id; and the ids of those in PersistentVolumes made by people.
    """
    provisioned: dict[str, str] = {}
    static: set[str] = set()
    for volume in _persistent_volumes(server):
        id_ = _id(volume)
        metadata = volume["metadata"]
        if metadata.get("annotations", {}).get(_PROVISIONED_BY) == DRIVER:
            provisioned[id_] = metadata["name"]
        else:
            static.add(id_)
    return provisioned, static


def remove(server: ApiServer, volume_ids: Collection[str], patience: float, say: Say) -> None:
    """Deletes the claims of these volumes and the pods that use them, and waits until the CSI controller has deleted
    the volumes. It also deletes claims whose volume is still being created. A claim of any other volume stays, because
    with it the CSI controller would delete a volume that is not the stack's.

    Some volumes stay: those of class Retain, those not deleted in time, and those whose claims the cluster refuses to
    delete. The caller deletes them in the cloud.

    Args:
        patience: seconds without any of them going after which it returns.
    """
    by_name = {volume["metadata"]["name"]: _id(volume) for volume in _persistent_volumes(server)}
    doomed: set[tuple[str, str]] = set()
    for claim in server.items("/api/v1/persistentvolumeclaims"):
        metadata, bound = claim["metadata"], claim["spec"].get("volumeName", "")
        on_the_way = not bound and metadata.get("annotations", {}).get(_PROVISIONER) == DRIVER
        if on_the_way or by_name.get(bound) in volume_ids:
            key = metadata["namespace"], metadata["name"]
            doomed.add(key)
            if "deletionTimestamp" not in metadata:
                say(f"deleting PersistentVolumeClaim {'/'.join(key)}")
                path = f"/api/v1/namespaces/{key[0]}/persistentvolumeclaims/{key[1]}"
                if why := refusal(partial(server.delete, path)):
                    say(f"the cluster refuses to delete PersistentVolumeClaim {'/'.join(key)}: {why}")
    for pod in server.items("/api/v1/pods"):  # a claim is only deleted once no pod uses it
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if any((namespace, used) in doomed for used in _claims_of(pod)):
            path = f"/api/v1/namespaces/{namespace}/pods/{name}"
            if why := refusal(partial(server.delete, path, gracePeriodSeconds=0)):
                say(f"the cluster refuses to delete Pod {namespace}/{name}: {why}")
    _await_deletion(server, volume_ids, patience, say)


def _await_deletion(server: ApiServer, volume_ids: Collection[str], patience: float, say: Say) -> None:
    told: set[int] = set()

    def going(volume: Document) -> bool:
        spec = volume["spec"]
        dynamic = spec.get("persistentVolumeReclaimPolicy") == "Delete" and bool(spec.get("claimRef"))
        return _is_of_driver(volume) and dynamic and _id(volume) in volume_ids

    def seen(left: list[Document]) -> None:
        if left and len(left) not in told:
            told.add(len(left))
            say(f"waiting: the CSI controller deletes {len(left)} volumes")

    server.await_deletion(_VOLUMES, going, patience, seen)


def _persistent_volumes(server: ApiServer) -> list[Document]:
    return [item for item in server.items(_VOLUMES) if _is_of_driver(item)]


def _is_of_driver(volume: Document) -> bool:
    return bool(volume["spec"].get("csi", {}).get("driver") == DRIVER)


def _id(volume: Document) -> str:
    """Returns the block storage volume's id; the driver's handle is `zone/id`."""
    handle: str = volume["spec"]["csi"]["volumeHandle"]
    return handle.rpartition("/")[2]


def _claims_of(pod: Document) -> list[str]:
    volumes = pod["spec"].get("volumes", [])
    return [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume]
