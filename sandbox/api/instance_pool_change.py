"""Users' operations on instance pools: everything on their own pools, nothing on those that SKS manages."""

from sandbox.api import instance_pool
from sandbox.api.errors import Forbidden
from sandbox.api.instance_pool import KIND
from sandbox.api.lifecycle import refuse_unless_settled, set_state, subject
from sandbox.api.machine import described
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document

PREFIX = "pool"  # prefix of instance names; the OpenAPI document's default

# Values that `reset-instance-pool-field` sets; it removes every other field.
EMPTY: Document = {
    "anti-affinity-groups": [],
    "elastic-ips": [],
    "ipv6-enabled": False,
    "labels": {},
    "private-networks": [],
    "security-groups": [],
}


@operation("create-instance-pool")
def create(cloud: Cloud, call: Call) -> Document:
    """Creates a pool. Names may repeat (assumed). It need not be able to run nodes, so every instance type is
    allowed."""
    given = _checked(cloud, call)
    pool: Document = {
        "id": cloud.ids.uuid(),
        "instance-prefix": PREFIX,
        "public-ip-assignment": "inet4",
        "ipv6-enabled": False,
        **EMPTY,
        **given,
        "_zone": call.zone,
    }
    instance_pool.create(cloud, pool)
    return cloud.operations.start(call.operation_id, KIND, pool["id"], call.zone)


@operation("update-instance-pool")
def update(cloud: Cloud, call: Call) -> Document:
    """Updates a pool. Existing instances do not change (assumed, except for template and disk)."""
    pool = _own(cloud, call, "updateInstancePool")
    changes = _checked(cloud, call)
    set_state(cloud, KIND, pool["id"], "updating")
    return cloud.operations.start(call.operation_id, KIND, pool["id"], call.zone, changes)


@operation("reset-instance-pool-field")
def reset_field(cloud: Cloud, call: Call) -> Document:
    pool = _own(cloud, call, "updateInstancePool")
    field = call.path["field"]
    changes = {field: EMPTY.get(field)}
    if field == "ipv6-enabled":
        changes["public-ip-assignment"] = "inet4"
    if field == "ssh-key":
        changes["ssh-keys"] = None
    set_state(cloud, KIND, pool["id"], "updating")
    return cloud.operations.start(call.operation_id, KIND, pool["id"], call.zone, changes)


@operation("scale-instance-pool")
def scale(cloud: Cloud, call: Call) -> Document:
    pool = _own(cloud, call, "scaleInstancePool")
    instance_pool.resize(cloud, pool["id"], call.body["size"])
    return cloud.operations.start(call.operation_id, KIND, pool["id"], call.zone)


@operation("evict-instance-pool-members")
def evict(cloud: Cloud, call: Call) -> Document:
    pool = _own(cloud, call, "evictInstancePoolMembers")
    instance_pool.evict(cloud, pool["id"], call.body.get("instances", []))
    return cloud.operations.start(call.operation_id, KIND, pool["id"], call.zone)


@operation("delete-instance-pool")
def delete(cloud: Cloud, call: Call) -> Document:
    instance_pool.refuse_if_targeted(cloud, find(cloud, KIND, call.path["id"], call.zone)["id"])
    pool = _own(cloud, call, "destroyInstancePool")
    instance_pool.destroy(cloud, pool["id"])
    return cloud.operations.start(call.operation_id, KIND, pool["id"], call.zone)


@effect("create-instance-pool", "finish")
@effect("update-instance-pool", "finish")
@effect("reset-instance-pool-field", "finish")
@effect("scale-instance-pool", "finish")
@effect("evict-instance-pool-members", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    pool = {**subject(cloud, KIND, operation), **operation["_args"]}
    cloud.store.put(KIND, {key: value for key, value in pool.items() if value is not None})
    instance_pool.settle(cloud, pool["id"])


@effect("delete-instance-pool", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    """Deletes a pool. The operation ends when the instances are gone (assumed, as for nodepools)."""
    instance_pool.remove(cloud, operation["reference"]["id"])


@effect("create-instance-pool", "failed")
@effect("update-instance-pool", "failed")
@effect("reset-instance-pool-field", "failed")
@effect("scale-instance-pool", "failed")
@effect("evict-instance-pool-members", "failed")
@effect("delete-instance-pool", "failed")
def failed(cloud: Cloud, operation: Document) -> None:
    """Handles a failure. The pool keeps running, as the document has no state for this; its size becomes the number of
    running instances, so that scaling again has an effect."""
    if cloud.store.get(KIND, operation["reference"]["id"]):
        size = instance_pool.give_up(cloud, operation["reference"]["id"])
        pool = subject(cloud, KIND, operation)
        cloud.store.put(KIND, {**pool, "size": size})


def _own(cloud: Cloud, call: Call, command: str) -> Document:
    """Returns the pool in the path, ready for a change.

    Raises:
        Forbidden: a nodepool manages it (docs/exoscale.md, Refusals).
        Conflict: another operation on it is in progress.
    """
    pool = find(cloud, KIND, call.path["id"], call.zone)
    if "manager" in pool:
        raise Forbidden(
            f"Operation {command} on resource {pool['id']} is forbidden"
            f" - reason: Locked by SKS Nodepool {pool['manager']['id']}"
        )
    refuse_unless_settled(KIND, pool, ("running",))
    return pool


def _checked(cloud: Cloud, call: Call) -> Document:
    """Returns the pool in the body in its stored form.

    Raises:
        NotFound: a referenced object does not exist.
        BadRequest: a reference has no id.
    """
    body = described(cloud, call)
    if body.get("description") == "":  # allowed in a request, but not in an answer (OpenAPI)
        body["description"] = None
    return {key: value for key, value in body.items() if value is not None or call.operation_id.startswith("update-")}
