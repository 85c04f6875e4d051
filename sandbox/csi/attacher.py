"""Attaches volumes to the instances of nodes, and detaches them: the csi-attacher sidecar.

Kubernetes' own attach-detach controller makes a VolumeAttachment for each volume of a pod on a node; when it deletes
one, the deletion waits for this controller.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.informer import Informer
from sandbox.controllers.objects import ATTACHMENTS, NODE_DRIVERS, VOLUMES, Object, finalizers, is_going
from sandbox.csi.driver import NAME, Driver

FINALIZER = "external-attacher/csi-exoscale-com"
NODE_ID = "csi.alpha.kubernetes.io/node-id"


class Failure(Exception):
    """A sync failed; the text is the attachment's."""


class Attacher:
    """The attacher of one cluster. `sync_attachment` and `sync_volume` take keys of the informers.

    Args:
        volumes, attachments: the cluster's informers, for reading.
    """

    def __init__(self, cluster: Cluster, driver: Driver, volumes: Informer, attachments: Informer) -> None:
        self._cluster = cluster
        self._driver = driver
        self._volumes = volumes
        self._attachments = attachments

    def sync_attachment(self, key: str) -> None:
        """Attaches or detaches the volume. Errors go into the attachment's status."""
        attachment = self._cluster.get(f"{ATTACHMENTS}/{key}")  # the informer's copy may be older than our last write
        if attachment is None or attachment["spec"]["attacher"] != NAME:
            return
        if not is_going(attachment):
            if not attachment.get("status", {}).get("attached"):
                self._try(key, "attachError", lambda: self._attach(key, attachment))
        elif FINALIZER in finalizers(attachment):
            self._try(key, "detachError", lambda: self._detach(key, attachment))

    def sync_volume(self, key: str) -> None:
        """Removes the finalizer of a volume that is being deleted and not attached."""
        volume = self._volumes.get(key)
        if volume is None or not is_going(volume) or FINALIZER not in finalizers(volume):
            return
        if key not in [volume_name(attachment) for attachment in self._attachments.objects()]:
            self._cluster.remove_finalizer(f"{VOLUMES}/{key}", FINALIZER)

    def _attach(self, key: str, attachment: Object) -> None:
        volume, node_id = self._volume(attachment), self._node_id(attachment["spec"]["nodeName"])
        name = volume["metadata"]["name"]
        if is_going(volume):
            raise Failure(f'PersistentVolume "{name}" is marked for deletion')
        self._cluster.add_finalizer(f"{VOLUMES}/{name}", volume, FINALIZER)
        held = {"finalizers": [FINALIZER], "annotations": {NODE_ID: node_id}}
        self._cluster.patch_if_there(f"{ATTACHMENTS}/{key}", {"metadata": held})
        told = self._driver.publish(volume["spec"]["csi"]["volumeHandle"], node_id)
        status = {"attached": True, "attachmentMetadata": told, "attachError": None}
        self._cluster.patch_if_there(f"{ATTACHMENTS}/{key}/status", {"status": status})

    def _detach(self, key: str, attachment: Object) -> None:
        self._driver.unpublish(self._volume(attachment)["spec"]["csi"]["volumeHandle"])
        status = {"attached": False, "detachError": None}
        self._cluster.patch_if_there(f"{ATTACHMENTS}/{key}/status", {"status": status})
        self._cluster.remove_finalizer(f"{ATTACHMENTS}/{key}", FINALIZER)

    def _try(self, key: str, field: str, change: Callable[[], None]) -> None:
        try:
            change()
        except Exception as error:
            told = {"message": str(error), "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
            status = {"attached": field == "detachError", field: told}
            self._cluster.patch_if_there(f"{ATTACHMENTS}/{key}/status", {"status": status})
            raise

    def _volume(self, attachment: Object) -> Object:
        name = volume_name(attachment)
        volume = self._cluster.get(f"{VOLUMES}/{name}")
        if volume is None:
            raise Failure(f'persistentvolume "{name}" not found')
        return volume

    def _node_id(self, node: str) -> str:
        found = self._cluster.get(f"{NODE_DRIVERS}/{node}")
        for driver in (found or {"spec": {}})["spec"].get("drivers") or []:
            if driver["name"] == NAME:
                return str(driver["nodeID"])
        raise Failure(f"node {node} has no driver {NAME}")


def is_news(old: Object | None, new: Object) -> bool:
    """Whether a change of an attachment needs a sync. A new error in its status does not."""
    return old is None or _relevant(old) != _relevant(new)


def _relevant(attachment: Object) -> tuple[object, ...]:
    return is_going(attachment), finalizers(attachment), attachment.get("status", {}).get("attached")


def volume_name(attachment: Object) -> str:
    """Returns the name of the attachment's PersistentVolume."""
    return str(attachment["spec"]["source"].get("persistentVolumeName", ""))
