"""Putting security groups on instances one by one, and taking them off again."""

from sandbox.api.errors import BadRequest, Conflict, OperationFailed
from sandbox.api.instance import KIND as INSTANCE
from sandbox.api.lifecycle import refuse_unless_settled, subject
from sandbox.api.routes import Call, find, operation
from sandbox.api.security_group import KIND
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document


@operation("attach-instance-to-security-group")
def attach(cloud: Cloud, call: Call) -> Document:
    """Members of a pool, too; those that the pool makes later do not wear it (docs/exoscale.md, Security groups)."""
    group, instance = _named(cloud, call)
    if _wears(instance, group):
        raise Conflict(f"Instance {instance['id']} is attached to Security Group {group['id']} already")
    return cloud.operations.start(call.operation_id, KIND, group["id"], args={"instance": instance["id"]})


@operation("detach-instance-from-security-group")
def detach(cloud: Cloud, call: Call) -> Document:
    """The last one, too: clients that change all groups of an instance do so in any order."""
    group, instance = _named(cloud, call)
    if not _wears(instance, group):
        raise Conflict(f"Instance {instance['id']} is not attached to Security Group {group['id']}")
    return cloud.operations.start(call.operation_id, KIND, group["id"], args={"instance": instance["id"]})


@effect("attach-instance-to-security-group", "finish")
def attached(cloud: Cloud, operation: Document) -> None:
    group, instance = subject(cloud, KIND, operation), _subject(cloud, operation)
    if not _wears(instance, group):
        cloud.store.put(INSTANCE, {**instance, "security-groups": [*instance["security-groups"], {"id": group["id"]}]})


@effect("detach-instance-from-security-group", "finish")
def detached(cloud: Cloud, operation: Document) -> None:
    instance = _subject(cloud, operation)
    others = [worn for worn in instance["security-groups"] if worn["id"] != operation["reference"]["id"]]
    cloud.store.put(INSTANCE, {**instance, "security-groups": others})


def _named(cloud: Cloud, call: Call) -> tuple[Document, Document]:
    """The group and the instance that a request names."""
    group = find(cloud, KIND, call.path["id"])
    if "id" not in call.body["instance"]:
        raise BadRequest("instance.id is missing")
    instance = find(cloud, INSTANCE, call.body["instance"]["id"], call.zone)
    refuse_unless_settled(INSTANCE, instance, ("running", "stopped"))
    return group, instance


def _subject(cloud: Cloud, operation: Document) -> Document:
    id_ = operation["_args"]["instance"]
    instance = cloud.store.get(INSTANCE, id_)
    if instance is None:
        raise OperationFailed("not-found", f"Instance {id_} not found")
    return instance


def _wears(instance: Document, group: Document) -> bool:
    return any(worn["id"] == group["id"] for worn in instance["security-groups"])
