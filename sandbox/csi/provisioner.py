"""Makes a volume for each claim that wants one, and deletes it once it is released: the csi-provisioner sidecar.

It follows kubernetes-sigs/sig-storage-lib-external-provisioner (`controller/controller.go`), including its leak: if a
claim is deleted after its volume was made and before that was recorded, the volume is left over.
"""

from typing import Any

from kubernetes.utils.quantity import parse_quantity

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.events import Events
from sandbox.controllers.informer import Informer
from sandbox.controllers.objects import CLASSES, VOLUMES, Object, finalizers, is_going
from sandbox.csi.driver import NAME, ZONE_TOPOLOGY, Driver

FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
# Kubernetes' own volume controller puts the driver's name here once a claim is to be provisioned.
WANTED_OF = ("volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner")
SELECTED_NODE = "volume.kubernetes.io/selected-node"


class Failure(Exception):
    """A sync failed; the text is the event's."""


class Provisioner:
    """The provisioner of one cluster. `sync_claim` and `sync_volume` take keys of the informers.

    Args:
        claims, volumes, attachments: the cluster's informers, for reading.
    """

    def __init__(
        self,
        cluster: Cluster,
        driver: Driver,
        claims: Informer,
        volumes: Informer,
        attachments: Informer,
    ) -> None:
        self._cluster = cluster
        self._driver = driver
        self._claims = claims
        self._volumes = volumes
        self._attachments = attachments
        self._events = Events(cluster, NAME)
        self._unsaved: dict[str, Object] = {}  # volumes that could not be recorded yet, by claim

    def sync_claim(self, key: str) -> None:
        """Provisions the claim, if it is ours and unbound."""
        if key in self._unsaved:
            self._save(key, self._unsaved[key])
        claim = self._claims.get(key)
        if claim is None or not _wants(claim) or self._volumes.get(_volume_name(claim)):
            return
        class_name = claim["spec"].get("storageClassName", "")
        class_ = self._cluster.get(f"{CLASSES}/{class_name}")
        if class_ is None or class_["provisioner"] != NAME:
            raise Failure(f'storageclass.storage.k8s.io "{class_name}" not found')
        if class_["volumeBindingMode"] != "Immediate" and SELECTED_NODE not in claim["metadata"]["annotations"]:
            return
        self._event(claim, "Provisioning", f'External provisioner is provisioning volume for claim "{key}"')
        try:
            if claim["spec"].get("dataSource"):
                raise Failure("the sandbox does not simulate claims with a dataSource")
            asked = claim["spec"]["resources"]["requests"]["storage"]
            size = int(parse_quantity(asked))  # type: ignore[no-untyped-call]
            handle = self._driver.create_volume(_volume_name(claim), size)
        except Exception as error:
            message = f'failed to provision volume with StorageClass "{class_name}": {error}'
            self._events.warning("PersistentVolumeClaim", claim, "ProvisioningFailed", message)
            raise
        self._event(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {_volume_name(claim)}")
        self._unsaved[key] = self._persistent_volume(claim, class_, handle)
        self._save(key, self._unsaved[key])

    def sync_volume(self, key: str) -> None:
        """Deletes the volume in the cloud, then the object, if its claim is gone and its policy says so."""
        volume = self._volumes.get(key)
        if volume is None or not _is_ours(volume):
            return
        path, policy = f"{VOLUMES}/{key}", volume["spec"]["persistentVolumeReclaimPolicy"]
        phase = volume.get("status", {}).get("phase")
        if policy != "Delete":
            if FINALIZER in finalizers(volume):
                self._cluster.remove_finalizer(path, FINALIZER)
            return
        if phase == "Bound" and not is_going(volume):
            self._cluster.add_finalizer(path, volume, FINALIZER)
        if phase != "Released" or (is_going(volume) and FINALIZER not in finalizers(volume)):
            return
        try:
            self._refuse_attached(key)
            self._driver.delete_volume(volume["spec"]["csi"]["volumeHandle"])
        except Exception as error:
            self._events.warning("PersistentVolume", volume, "VolumeFailedDelete", str(error))
            raise
        self._cluster.delete(path)
        self._cluster.remove_finalizer(path, FINALIZER)

    def _save(self, key: str, volume: Object) -> None:
        self._cluster.create(VOLUMES, volume)  # an existing one of that name is the same volume
        self._unsaved.pop(key, None)

    def _refuse_attached(self, name: str) -> None:
        for attachment in self._attachments.objects():
            if attachment["spec"]["source"].get("persistentVolumeName") == name:
                node = attachment["spec"]["nodeName"]
                raise Failure(f"persistentvolume {name} is still attached to node {node}")

    def _persistent_volume(self, claim: Object, class_: Object, handle: str) -> Object:
        metadata, spec = claim["metadata"], claim["spec"]
        reference = {name: metadata[name] for name in ("name", "namespace", "uid", "resourceVersion")}
        zone = {"key": ZONE_TOPOLOGY, "operator": "In", "values": [self._driver.zone]}
        source: dict[str, Any] = {"driver": NAME, "volumeHandle": handle}
        if spec.get("volumeMode") != "Block":
            source["fsType"] = "ext4"
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": _volume_name(claim),
                "annotations": {PROVISIONED_BY: NAME},
                "finalizers": [FINALIZER],
            },
            "spec": {
                "accessModes": spec["accessModes"],
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **reference},
                "csi": source,
                "mountOptions": class_.get("mountOptions"),
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [zone]}]}},
                "persistentVolumeReclaimPolicy": class_["reclaimPolicy"],
                "storageClassName": class_["metadata"]["name"],
                "volumeMode": spec.get("volumeMode"),
            },
        }

    def _event(self, claim: Object, reason: str, message: str) -> None:
        self._events.normal("PersistentVolumeClaim", claim, reason, message)


def _wants(claim: Object) -> bool:
    """Whether the claim waits for a volume of ours. As in the library, a claim being deleted may."""
    annotations = claim["metadata"].get("annotations") or {}
    return not claim["spec"].get("volumeName") and NAME in [annotations.get(name) for name in WANTED_OF]


def _is_ours(volume: Object) -> bool:
    annotations = volume["metadata"].get("annotations") or {}
    driver = (volume["spec"].get("csi") or {}).get("driver")
    return bool(annotations.get(PROVISIONED_BY, driver) == NAME == driver)


def _volume_name(claim: Object) -> str:
    return f"pvc-{claim['metadata']['uid']}"
