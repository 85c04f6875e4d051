"""Anti-affinity groups: instances that must not share a hypervisor."""

from sandbox.api.errors import Conflict
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "anti-affinity-group"
MAX_INSTANCES = 8  # limit per group (docs/exoscale.md, Limits)


def members(cloud: Cloud, group_id: str) -> list[Document]:
    """Returns the instances in a group."""
    return cloud.store.where("instance", "anti-affinity-groups.id", group_id)


def check_room(cloud: Cloud, group_id: str, more: int) -> None:
    """Refuses more instances in a group than it may hold.

    Raises:
        Conflict: they are too many.
    """
    held = len(members(cloud, group_id))
    if more > 0 and held + more > MAX_INSTANCES:
        raise Conflict(
            f"Anti-affinity Group {group_id} holds at most {MAX_INSTANCES} instances:"
            f" it has {held}, no room for {more} more"
        )


@operation("list-anti-affinity-groups")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"anti-affinity-groups": [public(group) for group in cloud.store.list(KIND)]}


@operation("get-anti-affinity-group")
def get(cloud: Cloud, call: Call) -> Document:
    group = public(find(cloud, KIND, call.path["id"]))
    instances = [{"id": instance["id"]} for instance in members(cloud, group["id"])]
    return {**group, "instances": instances} if instances else group


@operation("create-anti-affinity-group")
def create(cloud: Cloud, call: Call) -> Document:
    taken = cloud.store.where(KIND, "name", call.body["name"])
    if taken and cloud.rules.anti_affinity_group_names_unique:
        raise Conflict("Anti-affinity Group name is already in use")
    group = {"id": cloud.ids.uuid(), **call.body}
    cloud.store.put(KIND, group)
    return cloud.operations.start(call.operation_id, KIND, group["id"])


@operation("delete-anti-affinity-group")
def delete(cloud: Cloud, call: Call) -> Document:
    group = find(cloud, KIND, call.path["id"])
    if cloud.rules.anti_affinity_group_in_use_refused and members(cloud, group["id"]):
        raise Conflict("Cannot delete anti-affinity group when it's in use by virtual machines")
    return cloud.operations.start(call.operation_id, KIND, group["id"])


@effect("create-anti-affinity-group", "failed")
@effect("delete-anti-affinity-group", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    cloud.store.delete(KIND, operation["reference"]["id"])
