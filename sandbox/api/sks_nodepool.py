"""SKS nodepools: groups of equal worker nodes of a cluster. The instance pool behind each has the machines."""

import re

from sandbox.api import instance_pool
from sandbox.api.attachment import references
from sandbox.api.catalogue import instance_type
from sandbox.api.errors import BadRequest, Conflict, NotFound
from sandbox.api.lifecycle import refuse_unless_settled, set_state, subject
from sandbox.api.routes import Call, find, operation
from sandbox.api.sks_cluster import KIND as CLUSTER
from sandbox.api.sks_cluster import NODEPOOL as KIND
from sandbox.api.sks_cluster import nodepools
from sandbox.api.sks_release import node_template
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

MAX_NODEPOOLS = 16  # per cluster (docs/exoscale.md, Limits)
TOO_SMALL = ("micro", "tiny")  # sizes that are too small for nodes (docs/exoscale.md, Nodepools and instances)
# Instance names become node names, which must be DNS labels; the document says "lowercase only".
PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")

# The lists of references in a body.
REFERENCES = ("anti-affinity-groups", "security-groups", "private-networks")


@operation("get-sks-nodepool")
def get(cloud: Cloud, call: Call) -> Document:
    return public(_find(cloud, call))


@operation("create-sks-nodepool")
def create(cloud: Cloud, call: Call) -> Document:
    cluster = find(cloud, CLUSTER, call.path["id"], call.zone)
    refuse_unless_settled(CLUSTER, cluster, ("running",))
    if len(nodepools(cloud, cluster["id"])) >= MAX_NODEPOOLS:
        raise Conflict(f"SKS cluster {cluster['id']} has {MAX_NODEPOOLS} Nodepools, the most there can be")
    _check(cloud, call)
    nodepool = {
        "id": cloud.ids.uuid(),
        "description": "",
        "instance-prefix": "pool",
        "public-ip-assignment": "inet4",
        "anti-affinity-groups": [],
        "security-groups": [],
        "private-networks": [],
        "labels": {},
        "taints": {},
        "addons": [],
        **call.body,
        "instance-type": {"id": call.body["instance-type"]["id"]},
        "instance-pool": {"id": cloud.ids.uuid()},
        "template": node_template(cloud, cluster["version"]),
        "version": cluster["version"],
        "created-at": cloud.clock.timestamp(),
        "state": "creating",
        "_cluster": cluster["id"],
        "_zone": call.zone,
    }
    instance_pool.create_for_nodepool(cloud, nodepool)
    cloud.store.put(KIND, nodepool)
    return _start(cloud, call, nodepool)


@operation("update-sks-nodepool")
def update(cloud: Cloud, call: Call) -> Document:
    nodepool = _settled(cloud, call)
    _check(cloud, call)
    changes = dict(call.body)
    if "instance-type" in changes:
        changes["instance-type"] = {"id": changes["instance-type"]["id"]}
    cloud.store.put(KIND, {**nodepool, "state": "updating"})
    set_state(cloud, instance_pool.KIND, nodepool["instance-pool"]["id"], "updating")
    return _start(cloud, call, nodepool, changes)


@operation("scale-sks-nodepool")
def scale(cloud: Cloud, call: Call) -> Document:
    nodepool = _settled(cloud, call)
    instance_pool.resize(cloud, nodepool["instance-pool"]["id"], call.body["size"])
    cloud.store.put(KIND, {**nodepool, "size": call.body["size"], "state": "scaling"})
    return _start(cloud, call, nodepool)


@operation("evict-sks-nodepool-members")
def evict(cloud: Cloud, call: Call) -> Document:
    nodepool = _settled(cloud, call)
    size = instance_pool.evict(cloud, nodepool["instance-pool"]["id"], call.body.get("instances", []))
    cloud.store.put(KIND, {**nodepool, "size": size, "state": "scaling"})
    return _start(cloud, call, nodepool)


@operation("delete-sks-nodepool")
def delete(cloud: Cloud, call: Call) -> Document:
    nodepool = _settled(cloud, call)
    instance_pool.refuse_if_targeted(cloud, nodepool["instance-pool"]["id"])
    instance_pool.destroy(cloud, nodepool["instance-pool"]["id"])
    cloud.store.put(KIND, {**nodepool, "state": "deleting"})
    return _start(cloud, call, nodepool)


@effect("create-sks-nodepool", "finish")
@effect("update-sks-nodepool", "finish")
@effect("scale-sks-nodepool", "finish")
@effect("evict-sks-nodepool-members", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    nodepool = {**subject(cloud, KIND, operation), **operation["_args"], "state": "running"}
    cloud.store.put(KIND, nodepool)
    instance_pool.inherit(cloud, nodepool)
    instance_pool.settle(cloud, nodepool["instance-pool"]["id"])
    cloud.control_planes.sync(nodepool["_cluster"])


@effect("delete-sks-nodepool", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    """Deletes a nodepool. The operation ends when the instances are gone (assumed: docs/exoscale.md, Nodepools and
    instances)."""
    nodepool = subject(cloud, KIND, operation)
    instance_pool.remove(cloud, nodepool["instance-pool"]["id"])
    cloud.store.delete(KIND, nodepool["id"])
    cloud.control_planes.sync(nodepool["_cluster"])


@effect("create-sks-nodepool", "failed")
@effect("update-sks-nodepool", "failed")
@effect("delete-sks-nodepool", "failed")
def failed(cloud: Cloud, operation: Document) -> None:
    nodepool = cloud.store.get(KIND, operation["reference"]["id"])
    if nodepool:
        instance_pool.give_up(cloud, nodepool["instance-pool"]["id"])
        cloud.store.put(KIND, {**nodepool, "state": "error"})
        cloud.control_planes.sync(nodepool["_cluster"])


@effect("scale-sks-nodepool", "failed")
@effect("evict-sks-nodepool-members", "failed")
def not_scaled(cloud: Cloud, operation: Document) -> None:
    """Handles a failure: the size becomes the number of running instances, so that scaling again has an effect."""
    failed(cloud, operation)
    nodepool = cloud.store.get(KIND, operation["reference"]["id"])
    if nodepool:
        size = instance_pool.give_up(cloud, nodepool["instance-pool"]["id"])
        cloud.store.put(KIND, {**nodepool, "size": size})
        instance_pool.inherit(cloud, {**nodepool, "size": size})


def _find(cloud: Cloud, call: Call) -> Document:
    """Returns the nodepool in the path, inside the cluster in the path."""
    cluster = find(cloud, CLUSTER, call.path["id"], call.zone)
    nodepool = cloud.store.get(KIND, call.path["sks-nodepool-id"])
    if nodepool is None or nodepool["_cluster"] != cluster["id"]:
        raise NotFound(f"Nodepool {call.path['sks-nodepool-id']} not found")
    return nodepool


def _settled(cloud: Cloud, call: Call) -> Document:
    nodepool = _find(cloud, call)
    if nodepool["state"] not in ("running", "degraded", "error"):
        raise Conflict("The nodepool is already being updated.")  # the real text (docs/exoscale.md, Refusals)
    refuse_unless_settled(CLUSTER, find(cloud, CLUSTER, nodepool["_cluster"]))
    return nodepool


def _start(cloud: Cloud, call: Call, nodepool: Document, changes: Document | None = None) -> Document:
    cloud.control_planes.sync(nodepool["_cluster"])
    return cloud.operations.start(call.operation_id, KIND, nodepool["id"], call.zone, changes)


def _check(cloud: Cloud, call: Call) -> None:
    """Refuses an invalid name, and references to objects that do not exist."""
    body = call.body
    if body.get("name", "") != body.get("name", "").lower():
        raise BadRequest(f"name {body['name']} must be lowercase")
    if not PREFIX.fullmatch(body.get("instance-prefix", "pool")):
        raise BadRequest(f"instance-prefix {body['instance-prefix']} must be lowercase letters, digits and hyphens")
    if "instance-type" in body:
        wanted = instance_type(body["instance-type"]["id"])
        if wanted["size"] in TOO_SMALL:
            raise Conflict(f"instance type {wanted['family']}.{wanted['size']} is too small for a Nodepool")
    if "deploy-target" in body:
        find(cloud, "deploy-target", body["deploy-target"]["id"], call.zone)
    references(cloud, call, REFERENCES)
