"""One look at a cluster: makes and deletes volumes and their replicas, and does the work of the uninstall job.

It follows longhorn/longhorn-manager as far as docs/plugins.md, Longhorn, says.
"""

from typing import Any

from kubernetes.utils.quantity import parse_quantity

from sandbox.ccm.nodes import is_ready
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.objects import CLAIMS, CLASSES, NODES, PODS, VOLUMES, Object, finalizers, is_going

API = "/apis/longhorn.io/v1beta2"
DRIVER = "driver.longhorn.io"
FINALIZER = "longhorn.io"
MANAGER, UNINSTALL = "longhorn-manager", "longhorn-uninstall"  # labels `app` of their pods
GATE = "sandbox.invalid/longhorn"  # keeps the pod of the uninstall job waiting until its work is done
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
KINDS = ("replicas", "volumes")


class Longhorn:
    """The Longhorn of one cluster; it keeps nothing between two looks."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def look(self) -> None:
        """Does whatever is to be done. Raises Refused, or one of `Away`."""
        if not self._cluster.get(API):
            return
        nodes = {node["metadata"]["name"] for node in self._all(NODES) if is_ready(node)}
        self._uninstall(nodes)
        pods = [pod for pod in self._pods(MANAGER) if pod["spec"].get("nodeName") in nodes and is_ready(pod)]
        if not pods:
            return
        self._fail_replicas()
        self._delete_released()
        self._let_go([volume for volume in self._all(f"{API}/volumes") if is_going(volume)])
        for claim in self._all(CLAIMS):
            if _wants(claim):
                homes = sorted(pod["spec"]["nodeName"] for pod in pods)
                self._provision(claim, pods[0]["metadata"]["namespace"], homes)

    def _provision(self, claim: Object, namespace: str, nodes: list[str]) -> None:
        class_ = self._cluster.get(f"{CLASSES}/{claim['spec'].get('storageClassName', '')}")
        if class_ is None or class_["provisioner"] != DRIVER:
            return
        name = f"pvc-{claim['metadata']['uid']}"
        wanted = int((class_.get("parameters") or {}).get("numberOfReplicas", 3))
        asked = claim["spec"]["resources"]["requests"]["storage"]
        size = str(int(parse_quantity(asked)))  # type: ignore[no-untyped-call]
        self._make("Volume", namespace, name, {"size": size, "numberOfReplicas": wanted})
        for node in nodes[:wanted]:
            spec = {"volumeName": name, "volumeSize": size, "nodeID": node, "failedAt": ""}
            self._make("Replica", namespace, f"{name}-r-{node}", spec)
        self._cluster.create(VOLUMES, _persistent_volume(name, claim, class_))

    def _make(self, kind: str, namespace: str, name: str, spec: dict[str, Any]) -> None:
        metadata = {"name": name, "namespace": namespace, "finalizers": [FINALIZER]}
        document = {"apiVersion": "longhorn.io/v1beta2", "kind": kind, "metadata": metadata, "spec": spec}
        self._cluster.create(f"{API}/namespaces/{namespace}/{kind.lower()}s", document)

    def _delete_released(self) -> None:
        for volume in self._all(VOLUMES):
            spec, metadata = volume["spec"], volume["metadata"]
            ours = (spec.get("csi") or {}).get("driver") == DRIVER
            released = (volume.get("status") or {}).get("phase") == "Released"
            if ours and released and spec["persistentVolumeReclaimPolicy"] == "Delete":
                for one in self._all(f"{API}/volumes"):
                    if one["metadata"]["name"] == spec["csi"]["volumeHandle"]:
                        self._cluster.delete(_path("volumes", one))
                self._cluster.delete(f"{VOLUMES}/{metadata['name']}")

    def _fail_replicas(self) -> None:
        """Those of nodes that are gone have lost their data."""
        nodes = {node["metadata"]["name"] for node in self._all(NODES)}
        for replica in self._all(f"{API}/replicas"):
            spec = replica["spec"]
            if spec["nodeID"] not in nodes and not spec.get("failedAt"):
                self._cluster.replace(_path("replicas", replica), {**replica, "spec": {**spec, "failedAt": "now"}})

    def _uninstall(self, nodes: set[str]) -> None:
        for pod in self._pods(UNINSTALL):
            gates = [gate["name"] for gate in pod["spec"].get("schedulingGates") or []]
            if GATE in gates and nodes:
                self._let_go(self._all(f"{API}/volumes"))
                metadata = pod["metadata"]
                path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
                self._cluster.patch_if_there(path, {"spec": {"schedulingGates": [{"$patch": "delete", "name": GATE}]}})

    def _let_go(self, volumes: list[Object]) -> None:
        """Deletes these volumes, and their replicas before them."""
        names = {volume["metadata"]["name"] for volume in volumes}
        replicas = [one for one in self._all(f"{API}/replicas") if one["spec"]["volumeName"] in names]
        for kind, objects in zip(KINDS, (replicas, volumes), strict=True):
            for one in objects:
                path = _path(kind, one)
                self._cluster.delete(path)
                now = self._cluster.get(path)
                if now and FINALIZER in finalizers(now):
                    rest = [finalizer for finalizer in finalizers(now) if finalizer != FINALIZER]
                    self._cluster.replace(path, {**now, "metadata": {**now["metadata"], "finalizers": rest}})

    def _pods(self, app: str) -> list[Object]:
        return [pod for pod in self._all(f"{PODS}?labelSelector=app={app}") if not is_going(pod)]

    def _all(self, path: str) -> list[Object]:
        items: list[Object] = self._cluster.list(path)["items"]
        return items


def _path(kind: str, object_: Object) -> str:
    metadata = object_["metadata"]
    return f"{API}/namespaces/{metadata['namespace']}/{kind}/{metadata['name']}"


def _wants(claim: Object) -> bool:
    annotations = claim["metadata"].get("annotations") or {}
    return not claim["spec"].get("volumeName") and annotations.get(PROVISIONER) == DRIVER and not is_going(claim)


def _persistent_volume(name: str, claim: Object, class_: Object) -> Object:
    metadata, spec = claim["metadata"], claim["spec"]
    reference = {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion")}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": DRIVER}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **reference},
            "csi": {"driver": DRIVER, "volumeHandle": name, "fsType": "ext4"},
            "persistentVolumeReclaimPolicy": class_["reclaimPolicy"],
            "storageClassName": class_["metadata"]["name"],
            "volumeMode": spec.get("volumeMode"),
        },
    }
