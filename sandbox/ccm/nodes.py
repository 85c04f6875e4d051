"""Initialises new nodes from their instances and removes those whose instance is gone."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.events import Events
from sandbox.controllers.exoscale import Exoscale, ExoscaleError
from sandbox.controllers.objects import NODES, Object
from sandbox.controllers.work_queue import WorkQueue
from sandbox.store import Document

UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"
SHUTDOWN = "node.cloudprovider.kubernetes.io/shutdown"
PROVIDED_NODE_IP = "alpha.kubernetes.io/provided-node-ip"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
# Deprecated labels for older schedulers and charts, by their successors.
OLD_LABELS = {
    INSTANCE_TYPE: "beta.kubernetes.io/instance-type",
    REGION: "failure-domain.beta.kubernetes.io/region",
    ZONE: "failure-domain.beta.kubernetes.io/zone",
}
PROVIDER = "exoscale://"
MONITOR_SECONDS = 5.0
FIRST_RETRY_SECONDS = 1.0
MOST_RETRY_SECONDS = 60.0
NOT_FOUND = 404


class NodeController:
    """The node controller of one cluster. `serve` and `monitor` need one thread each.

    Args:
        cluster: its API server.
        cloud: the zone's API.
        nodes: informer of the cluster's nodes, which calls `node_changed`.
        zone: the nodes' region and zone.
        pace: factor of the real waiting times (retries, a check of silent nodes every 5 s).
        log: logger for actions and failures.
    """

    def __init__(
        self,
        cluster: Cluster,
        cloud: Exoscale,
        nodes: Callable[[], list[Object]],
        zone: str,
        pace: float,
        log: logging.Logger,
    ) -> None:
        self._cluster = cluster
        self._events = Events(cluster, "cloud-node-controller")
        self._events_of_ends = Events(cluster, "cloud-node-lifecycle-controller")
        self._cloud = cloud
        self._nodes = nodes
        self._zone = zone
        self._pace = pace
        self._log = log
        self._queue = WorkQueue(FIRST_RETRY_SECONDS * pace, MOST_RETRY_SECONDS * pace)

    def node_changed(self, _old: Object | None, new: Object | None) -> None:
        """Handles a change of a Node."""
        if new is not None and has_taint(new, UNINITIALIZED):
            self._queue.add(new["metadata"]["name"])

    def close(self) -> None:
        """Ends `serve` after its current sync."""
        self._queue.close()

    def serve(self) -> None:
        """Initialises one node after the other."""
        while (name := self._queue.get()) is not None:
            try:
                node = next((node for node in self._nodes() if node["metadata"]["name"] == name), None)
                if node is not None and has_taint(node, UNINITIALIZED):
                    self._initialise(node)
                self._queue.forget(name)
            except Exception as error:  # an error with one node must not delay the others
                self._log.warning("error syncing %r: %s, requeuing", name, error)
                self._queue.retry(name)
            finally:
                self._queue.done(name)

    def monitor(self, stopping: threading.Event) -> None:
        """Asks the cloud every 5 s about each node that is not Ready."""
        while not stopping.wait(MONITOR_SECONDS * self._pace):
            for node in self._nodes():
                try:
                    self._look_after(node)
                except Exception as error:  # after any error the node is kept
                    self._log.warning("error checking node %s: %s", node["metadata"]["name"], error)

    def _initialise(self, node: Object) -> None:
        name = node["metadata"]["name"]
        id_ = instance_id(node)
        instance = self._cloud.call("get-instance", id=id_)
        kind = self._cloud.call("get-instance-type", id=instance["instance-type"]["id"])
        addresses = node_addresses(instance, node["metadata"].get("annotations") or {})
        stored = self._cluster.patch(f"{NODES}/{name}/status", {"status": {"addresses": replaced(node, addresses)}})
        labels = {INSTANCE_TYPE: f"{kind['family']}.{kind['size']}", REGION: self._zone, ZONE: self._zone}
        labels |= {old: labels[new] for new, old in OLD_LABELS.items()}
        spec = {"providerID": PROVIDER + id_, "taints": taints_without(stored, UNINITIALIZED)}
        self._patch(stored, spec, labels)
        self._events.normal("Node", node, "Synced", "Node synced successfully")

    def _look_after(self, node: Object) -> None:
        name = node["metadata"]["name"]
        if is_ready(node):
            if has_taint(node, SHUTDOWN):
                self._patch(node, {"taints": taints_without(node, SHUTDOWN)})
            return
        id_ = instance_id(node)
        try:
            instance = self._cloud.call("get-instance", id=id_)
        except ExoscaleError as error:
            if error.status != NOT_FOUND:
                raise
            message = f"Deleting node {name} because it does not exist in the cloud provider"
            self._events_of_ends.normal("Node", node, "DeletingNode", message)
            self._cluster.delete(f"{NODES}/{name}")
            return
        if instance["state"] in ("stopping", "stopped") and not has_taint(node, SHUTDOWN):
            taints = [*(node["spec"].get("taints") or []), {"key": SHUTDOWN, "effect": "NoSchedule"}]
            self._patch(node, {"taints": taints})

    def _patch(self, node: Object, spec: dict[str, Any], labels: dict[str, str] | None = None) -> None:
        metadata = node["metadata"]
        # The API server treats taints as one list: a newer one by somebody else must not be overwritten.
        guarded = {"resourceVersion": metadata["resourceVersion"], "labels": labels or {}}
        self._cluster.patch(f"{NODES}/{metadata['name']}", {"metadata": guarded, "spec": spec})


def instance_id(node: Object) -> str:
    """Returns the node's instance id: from its provider id, or else its system's UUID."""
    provider_id = str(node["spec"].get("providerID") or "")
    if provider_id:
        return provider_id.removeprefix(PROVIDER)
    return str(node["status"]["nodeInfo"]["systemUUID"])


def node_addresses(instance: Document, annotations: dict[str, str]) -> list[dict[str, str]]:
    """Returns the addresses that the CCM gives a node."""
    public = instance.get("public-ip")
    internal = annotations.get(PROVIDED_NODE_IP) if instance.get("private-networks") else public
    found = [("Hostname", instance["name"]), ("ExternalIP", public), ("InternalIP", internal)]
    return [{"type": kind, "address": address} for kind, address in found if address]


def replaced(node: Object, addresses: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Returns a merge patch that leaves the node only these addresses."""
    kinds = {address["type"] for address in addresses}
    before = {address["type"] for address in node["status"].get("addresses") or []}
    return [*addresses, *({"type": kind, "$patch": "delete"} for kind in sorted(before - kinds))]


def has_taint(node: Object, key: str) -> bool:
    """Whether the node has a taint with that key."""
    return any(taint["key"] == key for taint in node["spec"].get("taints") or [])


def taints_without(node: Object, key: str) -> list[dict[str, Any]]:
    """Returns the node's taints without those with that key."""
    return [taint for taint in node["spec"].get("taints") or [] if taint["key"] != key]


def is_ready(node: Object) -> bool:
    """Whether the node's kubelet reports that it is ready."""
    conditions = node["status"].get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
