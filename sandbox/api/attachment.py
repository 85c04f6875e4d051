"""The common part of elastic IPs, private networks and security groups: instances refer to them in lists."""

from sandbox.api.errors import BadRequest, Conflict
from sandbox.api.routes import Call, find
from sandbox.cloud import Cloud
from sandbox.store import Document

INSTANCE = "instance"
# Lists of references in an instance or a pool, and the kind that each refers to.
REFERENCES = {
    "anti-affinity-groups": "anti-affinity-group",
    "elastic-ips": "elastic-ip",
    "private-networks": "private-network",
    "security-groups": "security-group",
}
ZONAL = ("elastic-ip", "private-network")


def attached(cloud: Cloud, key: str, id_: str) -> list[Document]:
    """Returns the instances whose list `key` names that object, including those being deleted."""
    return cloud.store.where(INSTANCE, f"{key}.id", id_)


def names(instance: Document, key: str, id_: str) -> bool:
    """Whether the instance's list `key` names that object."""
    return any(reference["id"] == id_ for reference in instance.get(key, []))


def attachable(cloud: Cloud, call: Call, key: str) -> Document:
    """Returns the instance in the body, which does not have the object in the path yet.

    Raises:
        Conflict: it has, or is being created or deleted (words assumed).
    """
    instance = _instance(cloud, call)
    if names(instance, key, call.path["id"]):
        raise Conflict(f"Instance {instance['id']} is already attached to {call.path['id']}")
    if instance["state"] not in ("running", "stopped"):
        raise Conflict(f"Instance {instance['id']} is busy: {instance['state']}")
    return instance


def holder(cloud: Cloud, call: Call, key: str) -> Document:
    """Returns the instance in the body, which has the object in the path.

    Raises:
        Conflict: it does not have it (words assumed).
    """
    instance = _instance(cloud, call)
    if not names(instance, key, call.path["id"]):
        raise Conflict(f"Instance {instance['id']} is not attached to {call.path['id']}")
    return instance


def give(cloud: Cloud, instance_id: str, key: str, id_: str) -> None:
    """Adds the object to the instance's list `key`; does nothing if the instance is gone."""
    instance = cloud.store.get(INSTANCE, instance_id)
    if instance and not names(instance, key, id_):
        cloud.store.put(INSTANCE, {**instance, key: [*instance.get(key, []), {"id": id_}]})


def take(cloud: Cloud, instance_id: str, key: str, id_: str) -> None:
    """Removes the object from the instance's list `key`; does nothing if the instance is gone."""
    instance = cloud.store.get(INSTANCE, instance_id)
    if instance:
        left = [reference for reference in instance.get(key, []) if reference["id"] != id_]
        cloud.store.put(INSTANCE, {**instance, key: left})


def references(cloud: Cloud, call: Call, keys: tuple[str, ...] = tuple(REFERENCES)) -> Document:
    """Returns the body's lists of references, each reference reduced to its id.

    Raises:
        NotFound: a referenced object does not exist.
        BadRequest: a reference has no id.
    """
    found = {}
    for key in keys:
        if key in call.body:
            found[key] = [{"id": identifier(reference, key)} for reference in call.body[key]]
            for reference in found[key]:
                kind = REFERENCES[key]
                find(cloud, kind, reference["id"], call.zone if kind in ZONAL else "")
    return found


def identifier(reference: Document, name: str) -> str:
    """Returns the id of a reference, which the OpenAPI document does not require everywhere.

    Raises:
        BadRequest: it has no id.
    """
    if "id" not in reference:
        raise BadRequest(f"{name}: a reference without an id", [f"{name}: id is missing"])
    return str(reference["id"])


def _instance(cloud: Cloud, call: Call) -> Document:
    return find(cloud, INSTANCE, identifier(call.body["instance"], "instance"), call.zone)
