"""A real control plane with a CCM and a storage controller, in a simulated cloud."""

import threading
from pathlib import Path
from typing import Any

from sandbox.api import instance as instances
from sandbox.clusters.control_planes import KwokControlPlanes
from sandbox.controllers.cluster import Access
from sandbox.csi import StorageController
from sandbox.store import Document
from tests.sandbox.ccm.running_cluster import PATHS, RunningCluster
from tests.sandbox.ccm.world import Object
from tests.sandbox.waiting import eventually

CSI = "exoscale-container-storage-interface"


class StoredCluster(RunningCluster):
    """A running cluster whose claims become volumes.

    Args:
        home: where the control plane's files live.
    """

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.csi_key = {"id": "EXOcsi", "key": "EXOcsi", "name": f"sks-csi-{self.id}", "_secret": "secret"}
        self.cloud.store.put("api-key", self.csi_key)
        self.cluster["addons"] = [*self.cluster["addons"], CSI]
        self.cloud.store.put("sks-cluster", self.cluster)
        self.planes = KwokControlPlanes(self.cloud, home, ccm=self._ccm, csi=self._csi)
        self.cloud.control_planes = self.planes

    def _csi(self, cluster: Document, access: Access) -> StorageController:
        return StorageController(self._settings(access, self.csi_key))

    def reset(self) -> None:
        """Healthy parts, two nodes that the driver knows, no pod, no claim, no volume."""
        self.cloud.store.put("api-key", self.csi_key)
        self.cloud.faults.clear()
        self.planes.revive(self.id, "csi")
        self.planes.sync(self.id)
        while len(self.cloud.store.list("instance")) < 2:
            self.instance(self.workers)
        self.planes.sync(self.id)
        for kind in ("statefulset", "pod", "pvc"):
            self.api_server.delete(f"{PATHS[kind]}?gracePeriodSeconds=0")
        eventually(lambda: self.objects("pvc") + self.objects("pod") == [])
        eventually(self._has_no_volume)
        for document in self.cloud.store.list("block-storage"):
            self.cloud.store.delete("block-storage", document["id"])
        eventually(lambda: len([node for node in self.objects("csinode") if node["spec"].get("drivers")]) == 2)

    def _has_no_volume(self) -> bool:
        # Kubernetes itself gives up an attachment to a node that is gone after 6 minutes, and makes it anew before.
        for attachment in self.objects("volumeattachment"):
            if attachment.get("status", {}).get("detachError"):  # the driver may never let go of it
                name = attachment["metadata"]["name"]
                self.api_server.patch(f"{PATHS['volumeattachment']}/{name}", {"metadata": {"finalizers": None}})
        self.api_server.delete(PATHS["volumeattachment"])
        self.api_server.delete(PATHS["pv"])
        return not self.objects("pv")

    def csi_threads(self) -> list[str]:
        """Names of the controller's threads that live."""
        return [thread.name for thread in threading.enumerate() if thread.name.startswith(f"sandbox.csi.{self.id}")]

    def claim(self, name: str = "data", class_: str = "exoscale-sbs", size: str = "10Gi", **spec: Any) -> None:
        """Makes a claim."""
        wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
        self._create("pvc", name, {"storageClassName": class_, **wanted})

    def pod(self, name: str = "user", claim: str = "data", node: str | None = None) -> None:
        """Makes a pod that uses a claim."""
        mounts = [{"name": "data", "mountPath": "/data"}]
        volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
        containers = [{"name": "main", "image": "none", "volumeMounts": mounts}]
        selector = {"kubernetes.io/hostname": node} if node else None
        self._create("pod", name, {"containers": containers, "volumes": volumes, "nodeSelector": selector})

    def attachment(self, name: str, volume: str, node: str) -> None:
        """Makes a VolumeAttachment, which is Kubernetes' own work otherwise."""
        spec = {"attacher": "csi.exoscale.com", "nodeName": node, "source": {"persistentVolumeName": volume}}
        self._create("volumeattachment", name, spec)

    def stateful_set(self, name: str, replicas: int) -> None:
        """Makes a StatefulSet with one claim for each of its pods."""
        mounts = [{"name": "data", "mountPath": "/data"}]
        pod = {"containers": [{"name": "main", "image": "none", "volumeMounts": mounts}]}
        wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        claim = {"metadata": {"name": "data"}, "spec": {"storageClassName": "exoscale-sbs", **wanted}}
        spec = {
            "replicas": replicas,
            "serviceName": name,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
            "volumeClaimTemplates": [claim],
        }
        self._create("statefulset", name, spec)

    def destroy(self, instance: Document) -> None:
        """Destroys an instance as its pool does; its node goes, and its pods, which takes Kubernetes a minute."""
        with self.cloud.lock:
            instances.remove(self.cloud, instance["id"])
        self.planes.sync(self.id)
        eventually(lambda: self.find("node", instance["name"]) is None)
        self.kubectl("delete", "pod", "-A", "--field-selector", f"spec.nodeName={instance['name']}", "--force")

    def bound(self, name: str = "data") -> Object:
        """The claim's PersistentVolume, once it has one."""
        eventually(lambda: (self.find("pvc", name) or {"status": {}})["status"].get("phase") == "Bound")
        claim = self.find("pvc", name)
        assert claim
        volume = self.find("pv", claim["spec"]["volumeName"])
        assert volume
        return volume

    def volumes(self) -> list[Document]:
        """The block storage volumes that the cloud holds."""
        with self.cloud.lock:
            self.cloud.operations.tick()
            return self.cloud.store.list("block-storage")

    def only_volume(self) -> Document:
        """The one that the cloud holds."""
        (found,) = self.volumes()
        return found

    def drop(self, kind: str, name: str) -> None:
        """Deletes an object without waiting for its end."""
        self.api_server.delete(f"{PATHS[kind]}/{name}")

    def said(self, name: str, reason: str) -> list[str]:
        """Messages of the events of that reason about an object of that name."""
        about = [item for item in self.objects("event") if item["involvedObject"]["name"] == name]
        return [item["message"] for item in about if item["reason"] == reason]

    def _create(self, kind: str, name: str, spec: Object) -> None:
        made = self.api_server.create(PATHS[kind], {"metadata": {"name": name}, "spec": spec})
        assert made, f"there is a {kind} {name} already"
