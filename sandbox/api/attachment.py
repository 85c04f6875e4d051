"""Shared by elastic IPs, private networks and security groups: instances refer to them in lists."""

from sandbox.api.errors import BadRequest, Conflict
from sandbox.api.routes import Call, find
from sandbox.cloud import Cloud
from sandbox.store import Document

INSTANCE = "instance"
# A list of references in an instance or a pool, and the kind that each names.
REFERENCES = {
    "anti-affinity-groups": "anti-affinity-group",
    "elastic-ips": "elastic-ip",
    "private-networks": "private-network",
    "security-groups": "security-group",
}
ZONAL = ("elastic-ip", "private-network")


def attached(cloud: Cloud, key: str, id_: str) -> list[Document]:
    """The instances whose list `key` names that object, those that are on their way out included."""
    return cloud.store.where(INSTANCE, f"{key}.id", id_)


def names(instance: Document, key: str, id_: str) -> bool:
    """Whether the list `key` of the instance names that object."""
    return any(reference["id"] == id_ for reference in instance.get(key, []))


def attachable(cloud: Cloud, call: Call, key: str) -> Document:
    """The instance of the body, which does not have the object of the path yet.

    Raises:
        Conflict: it has, or is on its way in or out (words assumed).
    """
    instance = _instance(cloud, call)
    if names(instance, key, call.path["id"]):
        raise Conflict(f"Instance {instance['id']} is already attached to {call.path['id']}")
    if instance["state"] not in ("running", "stopped"):
        raise Conflict(f"Instance {instance['id']} is busy: {instance['state']}")
    return instance


def holder(cloud: Cloud, call: Call, key: str) -> Document:
    """The instance of the body, which has the object of the path.

    Raises:
        Conflict: it has not (words assumed).
    """
    instance = _instance(cloud, call)
    if not names(instance, key, call.path["id"]):
        raise Conflict(f"Instance {instance['id']} is not attached to {call.path['id']}")
    return instance


def give(cloud: Cloud, instance_id: str, key: str, id_: str) -> None:
    """Adds the object to the list `key` of the instance; nothing happens where that is gone."""
    instance = cloud.store.get(INSTANCE, instance_id)
    if instance and not names(instance, key, id_):
        cloud.store.put(INSTANCE, {**instance, key: [*instance.get(key, []), {"id": id_}]})


def take(cloud: Cloud, instance_id: str, key: str, id_: str) -> None:
    """Takes the object from the list `key` of the instance; nothing happens where that is gone."""
    instance = cloud.store.get(INSTANCE, instance_id)
    if instance:
        left = [reference for reference in instance.get(key, []) if reference["id"] != id_]
        cloud.store.put(INSTANCE, {**instance, key: left})


def references(cloud: Cloud, call: Call, keys: tuple[str, ...] = tuple(REFERENCES)) -> Document:
    """Those lists of the body that hold references, each of them as its id and nothing else.

    Raises:
        NotFound: one names what is not there.
        BadRequest: one names nothing.
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
    """The id of a reference, which the OpenAPI document does not demand everywhere.

    Raises:
        BadRequest: it has none.
    """
    if "id" not in reference:
        raise BadRequest(f"{name}: a reference without an id", [f"{name}: id is missing"])
    return str(reference["id"])


def _instance(cloud: Cloud, call: Call) -> Document:
    return find(cloud, INSTANCE, identifier(call.body["instance"], "instance"), call.zone)
