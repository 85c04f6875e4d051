"""The simulated Longhorn: whose claims get a volume, and what is left of it when nodes or Longhorn go."""

import copy
from collections.abc import Sequence
from typing import Any, cast

import pytest

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.objects import CLASSES, NODES, VOLUMES, Object
from sandbox.longhorn.controller import API, DRIVER, FINALIZER, GATE, PROVISIONER, Longhorn

READY = {"conditions": [{"type": "Ready", "status": "True"}]}
SPACE = f"{API}/namespaces/longhorn-system"
CLAIM = "/api/v1/namespaces/shop/persistentvolumeclaims/data"
JOB = "/api/v1/namespaces/longhorn-system/pods/longhorn-uninstall-x"
VOLUME, PV = f"{SPACE}/volumes/pvc-1", f"{VOLUMES}/pvc-1"


class PaperCluster:
    """Objects by path, as much of the API server as the controller uses."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {API: {"kind": "APIResourceList"}}

    def get(self, path: str) -> Object | None:
        return copy.deepcopy(self.objects.get(path))

    def list(self, path: str) -> Object:
        collection, _, query = path.partition("?")
        root, _, plural = collection.rpartition("/")
        inside = [one for at, one in self.objects.items() if at.startswith(f"{root}/") and at.split("/")[-2] == plural]
        app = query.removeprefix("labelSelector=app=")
        return {"items": [copy.deepcopy(one) for one in inside if not app or one["metadata"]["labels"]["app"] == app]}

    def create(self, path: str, body: Object) -> bool:
        full = f"{path}/{body['metadata']['name']}"
        return self.objects.setdefault(full, copy.deepcopy(body)) == body

    def replace(self, path: str, body: Object) -> bool:
        self.objects[path] = copy.deepcopy(body)
        if "deletionTimestamp" in body["metadata"] and not body["metadata"].get("finalizers"):
            del self.objects[path]
        return True

    def patch_if_there(self, path: str, patch: Object) -> None:
        (gate,) = patch["spec"]["schedulingGates"]
        assert gate == {"$patch": "delete", "name": GATE}
        self.objects[path]["spec"]["schedulingGates"] = []

    def delete(self, path: str) -> None:
        if self.objects[path]["metadata"].get("finalizers"):
            self.objects[path]["metadata"]["deletionTimestamp"] = "now"
        else:
            del self.objects[path]

    def names(self, plural: str) -> Sequence[str]:
        return sorted(one["metadata"]["name"] for one in self.list(f"{API}/{plural}")["items"])


def pod(app: str, name: str, **spec: Any) -> Object:
    metadata = {"name": name, "namespace": "longhorn-system", "labels": {"app": app}}
    return {"metadata": metadata, "spec": spec, "status": READY}


@pytest.fixture
def cluster() -> PaperCluster:
    """A cluster of three nodes with Longhorn's definitions, a manager on each, and a claim of its class."""
    paper = PaperCluster()
    for node in ("a", "b", "c"):
        paper.objects[f"{NODES}/{node}"] = {"metadata": {"name": node}, "status": READY}
        manager = pod("longhorn-manager", f"manager-{node}", nodeName=node)
        paper.objects[f"/api/v1/namespaces/longhorn-system/pods/manager-{node}"] = manager
    paper.objects[f"{CLASSES}/longhorn"] = {
        "metadata": {"name": "longhorn"},
        "provisioner": DRIVER,
        "reclaimPolicy": "Delete",
        "parameters": {"numberOfReplicas": "2"},
    }
    metadata = {"name": "data", "namespace": "shop", "uid": "1", "resourceVersion": "7"}
    paper.objects[CLAIM] = {
        "metadata": {**metadata, "annotations": {PROVISIONER: DRIVER}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "longhorn",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    return paper


def look(cluster: PaperCluster) -> None:
    Longhorn(cast(Cluster, cluster)).look()


def test_a_claim_of_its_class_gets_a_volume_with_its_replicas_on_nodes_of_their_own(cluster: PaperCluster) -> None:
    look(cluster)

    replicas = cluster.list(f"{API}/replicas")["items"]
    assert cluster.objects[PV]["spec"]["csi"] == {"driver": DRIVER, "volumeHandle": "pvc-1", "fsType": "ext4"}
    assert cluster.objects[PV]["spec"]["claimRef"]["name"] == "data"
    assert cluster.objects[VOLUME]["metadata"]["finalizers"] == [FINALIZER]
    assert cluster.objects[VOLUME]["spec"] == {"size": str(1024**3), "numberOfReplicas": 2}
    assert [one["spec"]["nodeID"] for one in replicas] == ["a", "b"]

    before = copy.deepcopy(cluster.objects)
    look(cluster)
    assert cluster.objects == before


@pytest.mark.parametrize("missing", ["definitions", "nodes", "class"])
def test_without_a_manager_on_a_node_that_works_it_does_nothing(cluster: PaperCluster, missing: str) -> None:
    gone = {"definitions": [API], "nodes": [f"{NODES}/{node}" for node in "abc"], "class": [f"{CLASSES}/longhorn"]}
    for path in gone[missing]:
        del cluster.objects[path]
    look(cluster)

    assert PV not in cluster.objects
    assert cluster.names("volumes") == []


def test_a_claim_of_another_driver_and_one_that_has_its_volume_get_none(cluster: PaperCluster) -> None:
    cluster.objects[CLAIM]["metadata"]["annotations"] = {PROVISIONER: "csi.exoscale.com"}
    look(cluster)
    assert cluster.names("volumes") == []

    cluster.objects[CLAIM]["metadata"]["annotations"] = {PROVISIONER: DRIVER}
    cluster.objects[CLAIM]["spec"]["volumeName"] = "pvc-1"
    look(cluster)
    assert cluster.names("volumes") == []


def test_a_released_volume_goes_with_its_replicas_unless_its_class_retains_it(cluster: PaperCluster) -> None:
    look(cluster)
    cluster.objects[CLAIM]["spec"]["volumeName"] = "pvc-1"
    cluster.objects[PV]["status"] = {"phase": "Released"}
    cluster.objects[PV]["spec"]["persistentVolumeReclaimPolicy"] = "Retain"
    look(cluster)
    assert cluster.names("volumes") == ["pvc-1"]

    cluster.objects[PV]["spec"]["persistentVolumeReclaimPolicy"] = "Delete"
    look(cluster)
    assert PV not in cluster.objects
    assert cluster.names("volumes") == cluster.names("replicas") == []


def test_a_replica_whose_node_is_gone_has_failed(cluster: PaperCluster) -> None:
    look(cluster)
    del cluster.objects[f"{NODES}/a"]
    look(cluster)

    failed = [one["spec"]["nodeID"] for one in cluster.list(f"{API}/replicas")["items"] if one["spec"]["failedAt"]]
    assert failed == ["a"]


def test_the_uninstall_job_waits_for_a_node_and_takes_the_volumes_even_if_no_manager_runs(
    cluster: PaperCluster,
) -> None:
    look(cluster)
    managers = [f"/api/v1/namespaces/longhorn-system/pods/manager-{node}" for node in "abc"]
    for path in managers:
        del cluster.objects[path]
    nodes = {path: one for path, one in cluster.objects.items() if path.startswith(NODES)}
    for path in nodes:
        del cluster.objects[path]
    cluster.objects[JOB] = pod("longhorn-uninstall", "longhorn-uninstall-x", schedulingGates=[{"name": GATE}])
    look(cluster)
    assert cluster.objects[JOB]["spec"]["schedulingGates"] == [{"name": GATE}]

    cluster.objects |= nodes
    look(cluster)
    assert cluster.objects[JOB]["spec"]["schedulingGates"] == []
    assert cluster.names("volumes") == cluster.names("replicas") == []
