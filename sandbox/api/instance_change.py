"""Creates, changes and deletes standalone instances."""

from sandbox.api import anti_affinity_group, instance, quota
from sandbox.api.attachment import identifier
from sandbox.api.catalogue import instance_type
from sandbox.api.errors import BadRequest, Conflict, Forbidden, OperationFailed
from sandbox.api.instance import KIND, PROTECTED
from sandbox.api.lifecycle import error_on_failure, refuse_unless_settled, set_state, subject
from sandbox.api.machine import described
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document

# An instance changes its type within a family, or among these (docs/exoscale.md, Instances by themselves).
ALIKE = ("standard", "cpu", "memory")


@operation("create-instance")
def create(cloud: Cloud, call: Call) -> Document:
    """Creates an instance. Names may repeat (assumed). One that is not started ends up `stopped`."""
    wanted = described(cloud, call)
    state = "running" if wanted.pop("auto-start", True) else "stopped"
    wanted.pop("ipv6-enabled", None)  # `public-ip-assignment` says the same, and only that is in the answer
    quota.check(cloud, KIND)
    for group in wanted.get("anti-affinity-groups", []):
        anti_affinity_group.check_room(cloud, group["id"], 1)
    made = instance.make(cloud, {"public-ip-assignment": "inet4", **wanted, "_zone": call.zone})
    return _start(cloud, call, made, {"state": state})


@operation("update-instance")
def update(cloud: Cloud, call: Call) -> Document:
    return _start(cloud, call, instance.single(cloud, call), call.body)


@operation("reset-instance-field")
def reset_field(cloud: Cloud, call: Call) -> Document:
    """Resets a field; the labels are the only one."""
    return _start(cloud, call, instance.single(cloud, call), {call.path["field"]: {}})


@operation("scale-instance")
def scale(cloud: Cloud, call: Call) -> Document:
    one = _stopped(cloud, call)
    old = instance_type(one["instance-type"]["id"])["family"]
    wanted = instance_type(identifier(call.body["instance-type"], "instance-type"))
    if wanted["family"] != old and not {wanted["family"], old} <= {*ALIKE}:
        raise Conflict(f"Instance {one['id']} cannot change its family from {old} to {wanted['family']}")
    return _start(cloud, call, one, {"instance-type": {"id": wanted["id"]}})


@operation("resize-instance-disk")
def resize_disk(cloud: Cloud, call: Call) -> Document:
    one, size = _stopped(cloud, call), call.body["disk-size"]
    if size <= one["disk-size"]:
        raise BadRequest(f"disk-size {size} must be above {one['disk-size']}: a disk can only grow")
    return _start(cloud, call, one, {"disk-size": size})


@operation("enable-tpm")
def enable_tpm(cloud: Cloud, call: Call) -> Document:
    return _start(cloud, call, _stopped(cloud, call), {"tpm-enabled": True})


@operation("add-instance-protection")
@operation("remove-instance-protection")
def protect(cloud: Cloud, call: Call) -> Document:
    """Sets or removes the protection; removing none is fine, because the provider does so at each update."""
    is_added = call.operation_id == "add-instance-protection"
    return _start(cloud, call, instance.single(cloud, call), {PROTECTED: is_added})


@operation("delete-instance")
def delete(cloud: Cloud, call: Call) -> Document:
    """Deletes an instance, unless a pool manages it. Its volumes are detached and stay."""
    one = find(cloud, KIND, call.path["id"], call.zone)
    if "manager" in one:
        raise Forbidden(
            f"Operation destroyVirtualMachine on resource {one['id']} is forbidden"
            f" - reason: Locked by Instance Pool {one['manager']['id']}"
        )
    refuse_unless_settled(KIND, one, ("running", "stopped", "error"))
    if one.get(PROTECTED):  # the real text: the provider's tests look for it (docs/exoscale.md, Refusals)
        raise Forbidden(
            f"Operation delete-instance on resource {one['id']} is forbidden - reason: manual instance protection"
        )
    set_state(cloud, KIND, one["id"], "destroying")
    return _start(cloud, call, one, {"before": one["state"]})


@effect("create-instance", "finish")
@effect("reset-instance-field", "finish")
@effect("scale-instance", "finish")
@effect("resize-instance-disk", "finish")
@effect("enable-tpm", "finish")
@effect("add-instance-protection", "finish")
@effect("remove-instance-protection", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    cloud.store.put(KIND, {**subject(cloud, KIND, operation), **operation["_args"]})


@effect("update-instance", "finish")
def updated(cloud: Cloud, operation: Document) -> None:
    """Changes the address assignment, and with it the addresses."""
    one = {**subject(cloud, KIND, operation), **operation["_args"]}
    try:
        cloud.store.put(KIND, instance.assigned(cloud, one, one["public-ip-assignment"]))
    except Conflict as full:
        raise OperationFailed("unavailable", full.message) from None


@effect("delete-instance", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    instance.remove(cloud, operation["reference"]["id"])


@effect("delete-instance", "failed")
def not_deleted(cloud: Cloud, operation: Document) -> None:
    set_state(cloud, KIND, operation["reference"]["id"], operation["_args"]["before"])


error_on_failure(KIND, "create-instance")


def _stopped(cloud: Cloud, call: Call) -> Document:
    """Returns the instance in the path, which must be stopped.

    Raises:
        Conflict: it is running (status and words assumed; the rule is documented).
    """
    one = instance.single(cloud, call)
    if one["state"] != "stopped":
        raise Conflict(f"Instance {one['id']} must be stopped for {call.operation_id}")
    return one


def _start(cloud: Cloud, call: Call, one: Document, changes: Document) -> Document:
    return cloud.operations.start(call.operation_id, KIND, one["id"], call.zone, changes)
