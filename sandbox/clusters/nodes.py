"""A cluster's Node objects: one per running instance of its nodepools, as each instance's kubelet would register it.

kwok then plays the kubelets: it makes the nodes Ready and renews their leases. The CCM adds what the kubelet cannot
know: provider id, instance type and region (docs/exoscale.md, Cloud controller manager).
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.api.catalogue import instance_type
from sandbox.api.sks_credentials import CCM
from sandbox.cloud import Cloud
from sandbox.clusters import usage
from sandbox.clusters.kwok import KUBELET_PORT
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.objects import NODES, Object
from sandbox.store import Document

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
# Holder of the lease of a node whose instance does not run: kwok leaves such a node alone.
STOPPED = "instance-stopped"
FOREVER_SECONDS = 2**31 - 1
RUNNING = ("running", "migrating")
# [assumed]: what `kubectl get nodes -o wide` shows of an SKS node's image.
SYSTEM = {
    "architecture": "amd64",
    "operatingSystem": "linux",
    "osImage": "Ubuntu 24.04 LTS",
    "kernelVersion": "6.8.0-generic",
    "containerRuntimeVersion": "containerd://2.0",
}
PODS_PER_NODE = "110"  # the kubelet's default


@dataclass(frozen=True)
class Machine:
    """An instance of one of the cluster's nodepools."""

    instance: Document
    nodepool: Document
    type: Document
    has_ccm: bool

    def node(self) -> Object:
        """The Node object as its kubelet registers it."""
        name = self.instance["name"]
        taints = [{"key": key, **taint} for key, taint in (self.nodepool.get("taints") or {}).items()]
        if self.has_ccm:
            taints.append(
                {"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"}
            )
        capacity = {
            "cpu": str(self.type["cpus"]),
            "memory": f"{self.type['memory'] // 1024}Ki",
            "ephemeral-storage": f"{self.nodepool['disk-size']}Gi",
            "pods": PODS_PER_NODE,
        }
        version = f"v{self.nodepool['version']}"
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": name,
                "labels": {
                    "kubernetes.io/arch": SYSTEM["architecture"],
                    "kubernetes.io/os": SYSTEM["operatingSystem"],
                    "kubernetes.io/hostname": name,
                    "node.exoscale.net/nodepool-id": self.nodepool["id"],  # docs/exoscale.md, Nodepools and instances
                    **(self.nodepool.get("labels") or {}),
                },
                "annotations": {
                    "metrics.k8s.io/resource-metrics-path": usage.PATH.format(nodeName=name),
                    # With it the kubelet leaves attaching volumes to Kubernetes; without it nobody does.
                    "volumes.kubernetes.io/controller-managed-attach-detach": "true",
                },
            },
            "spec": {"taints": taints},
            "status": {
                "capacity": capacity,
                "allocatable": capacity,
                "addresses": [
                    {"type": "InternalIP", "address": self.instance["public-ip"]},
                    {"type": "Hostname", "address": name},
                ],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
                "nodeInfo": {
                    **SYSTEM,
                    # No machineID: kwok rewrites these unquoted, and 32 hex digits can read as a number.
                    "machineID": "",
                    "systemUUID": self.instance["id"],  # how the CCM finds the instance
                    "bootID": self.instance["id"],
                    "kubeletVersion": version,
                    "kubeProxyVersion": version,
                },
            },
        }


def machines(cloud: Cloud, cluster_id: str) -> list[Machine]:
    """Returns the running instances of the cluster's nodepools, from the cloud's store.

    Takes no lock: a change while it reads triggers its own `sync`.
    """
    cluster = cloud.store.get("sks-cluster", cluster_id) or {}
    has_ccm = CCM in (cluster.get("addons") or [])
    return [
        Machine(instance, nodepool, instance_type(instance["instance-type"]["id"]), has_ccm)
        for nodepool in cloud.store.where("sks-nodepool", "_cluster", cluster_id)
        for pool in cloud.store.where("instance-pool", "manager.id", nodepool["id"])
        for instance in cloud.store.where("instance", "manager.id", pool["id"])
        if instance["state"] in RUNNING
    ]


class Nodes:
    """Keeps the Node objects of one cluster up to date with its machines, as their kubelets would.

    Args:
        api: the cluster's API server.
    """

    def __init__(self, api: Cluster) -> None:
        self._api = api
        self._registered: set[str] = set()
        self._silent_since: dict[str, float] = {}

    def reconcile(self, wanted: list[Machine], grace_seconds: float | None) -> bool:
        """Registers new nodes and stops the heartbeats of those whose instance does not run. Never deletes one: the CCM
        does that, and without a CCM they stay NotReady.

        Args:
            wanted: the running machines.
            grace_seconds: how long a node may be silent before it is marked; None leaves that to Kubernetes.

        Returns:
            Whether a node needs another look soon: its grace period has not ended, or kwok may have renewed its lease
            while that was being taken.
        """
        nodes = {node["metadata"]["name"]: node for node in self._api.list(NODES)["items"]}
        running = {machine.instance["name"]: machine for machine in wanted}
        for name in running.keys() - self._registered:
            # A kubelet registers only once: a node that somebody deletes does not come back by itself.
            if name not in nodes:
                self._api.create(NODES, running[name].node())
            elif self._holder(name) == STOPPED:
                self._api.delete(f"{LEASES}/{name}")  # the instance runs again: kwok takes the lease again
        self._registered = set(running)
        silent, now = nodes.keys() - running.keys(), time.monotonic()
        self._silent_since = {name: self._silent_since.get(name, now) for name in silent}
        unsettled = False
        for name in silent:
            self._stop_heartbeat(name)
            if grace_seconds is not None and _is_ready(nodes[name]):
                if now - self._silent_since[name] >= grace_seconds:
                    self._mark_unknown(nodes[name])
                unsettled = True
        return unsettled

    def _stop_heartbeat(self, name: str) -> None:
        holder = self._holder(name)
        taken = {"holderIdentity": STOPPED, "leaseDurationSeconds": FOREVER_SECONDS}
        if holder is None:
            lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}}
            self._api.create(LEASES, {**lease, "spec": {**taken, "renewTime": _now("microseconds")}})
        elif holder != STOPPED:
            # The time of the last renewal stays: Kubernetes counts the node's silence from it.
            self._api.patch(f"{LEASES}/{name}", {"spec": taken})

    def _holder(self, name: str) -> str | None:
        lease = self._api.get(f"{LEASES}/{name}")
        return None if lease is None else str(lease["spec"].get("holderIdentity", ""))

    def _mark_unknown(self, node: Object) -> None:
        """Writes what Kubernetes' node lifecycle controller writes after 40 s without heartbeats."""
        silent = {
            "status": "Unknown",
            "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.",
            "lastTransitionTime": _now("seconds"),
        }
        conditions: list[dict[str, Any]] = [{**condition, **silent} for condition in node["status"]["conditions"]]
        self._api.patch(f"{NODES}/{node['metadata']['name']}/status", {"status": {"conditions": conditions}})


def _is_ready(node: Object) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _now(precision: str) -> str:
    return datetime.now(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
