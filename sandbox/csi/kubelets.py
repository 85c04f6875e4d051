"""Does for volumes what the kubelet and the driver's pod do on each node; kwok's kubelets do none of it."""

import logging

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.informer import Informer
from sandbox.controllers.mortal import Life
from sandbox.controllers.objects import CLAIMS, NODE_DRIVERS, NODES, PODS, VOLUMES, Object
from sandbox.controllers.settings import Settings
from sandbox.csi import pods
from sandbox.csi.driver import NAME, ZONE_TOPOLOGY
from sandbox.csi.workers import Worker

MOST_VOLUMES = 5  # per node (`driver/node.go`), if the account has no quota


class Kubelets:
    """The kubelets of one cluster.

    Args:
        nodes, pods, claims, volumes: the cluster's informers, for reading.
        zone: zone of its instances.
    """

    def __init__(
        self, cluster: Cluster, nodes: Informer, pods: Informer, claims: Informer, volumes: Informer, zone: str
    ) -> None:
        self._cluster = cluster
        self._nodes = nodes
        self._pods = pods
        self._claims = claims
        self._volumes = volumes
        self._zone = zone
        self._registered: set[str] = set()

    def sync(self, name: str) -> None:
        """Registers the node with the driver, once, and reports the volumes that its pods use.

        Kubernetes detaches no volume that is reported in use, and takes none for free before that is reported.
        """
        node = self._nodes.get(name)
        if node is None:
            return
        if node["metadata"]["uid"] not in self._registered:
            self._register(node)
            self._registered.add(node["metadata"]["uid"])
        used = self._used(name)
        if used != (node["status"].get("volumesInUse") or []):
            self._cluster.patch_if_there(f"{NODES}/{name}/status", {"status": {"volumesInUse": used}})

    def _register(self, node: Object) -> None:
        name = node["metadata"]["name"]
        self._cluster.patch_if_there(f"{NODES}/{name}", {"metadata": {"labels": {ZONE_TOPOLOGY: self._zone}}})
        instance_id = node["status"]["nodeInfo"]["systemUUID"]
        driver = {
            "name": NAME,
            "nodeID": f"{self._zone}/{instance_id}",
            "topologyKeys": [ZONE_TOPOLOGY],
            "allocatable": {"count": MOST_VOLUMES},
        }
        if not self._cluster.create(NODE_DRIVERS, {**_of(node), "spec": {"drivers": [driver]}}):
            self._cluster.patch_if_there(f"{NODE_DRIVERS}/{name}", {"spec": {"drivers": [driver]}})

    def _used(self, node: str) -> list[str]:
        """Returns the volumes of the node's pods, as Kubernetes names them."""
        handles = set()
        for pod in self._pods.objects():
            if pod["spec"].get("nodeName") == node and pod["status"].get("phase") not in ("Succeeded", "Failed"):
                for name in claims_of(pod):
                    claim = self._claims.get(f"{pod['metadata']['namespace']}/{name}")
                    volume = self._volumes.get(((claim or {}).get("spec") or {}).get("volumeName", ""))
                    source = ((volume or {}).get("spec") or {}).get("csi") or {}
                    if source.get("driver") == NAME:
                        handles.add(f"kubernetes.io/csi/{NAME}^{source['volumeHandle']}")
        return sorted(handles)


class NodesLife(Life):
    """The threads that do this on all nodes of one cluster on which the driver has a pod."""

    def __init__(self, settings: Settings) -> None:
        log = logging.getLogger(f"sandbox.kubelets.{settings.name}")
        super().__init__(settings, log)
        watched = {"claims": CLAIMS, "volumes": VOLUMES, "pods": PODS, "nodes": NODES}
        informers = {name: Informer(self._cluster, path, self._look, log) for name, path in watched.items()}
        nodes, all_pods = informers["nodes"], informers["pods"]
        self._pods = pods.Pods(all_pods, nodes)
        kubelets = Kubelets(self._cluster, nodes, all_pods, informers["claims"], informers["volumes"], settings.zone)
        self._nodes = Worker("node", kubelets.sync, lambda: True, settings.pace, log)
        self._work("work", self._nodes.serve, informers.values())
        for name, informer in informers.items():
            self._watch(f"watch-{name}", informer.run)

    def _wake(self) -> None:
        self._nodes.close()

    def _look(self, _old: Object | None, _new: Object | None) -> None:
        for node in self._pods.nodes_of(pods.NODE_DRIVER):
            self._nodes.add(node)


def claims_of(pod: Object) -> list[str]:
    """Returns the names of the pod's claims."""
    volumes = pod["spec"].get("volumes") or []
    return [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume]


def _of(node: Object) -> Object:
    metadata = node["metadata"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSINode",
        "metadata": {"name": metadata["name"], "ownerReferences": [owner]},
    }
