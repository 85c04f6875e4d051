"""Attaches security groups to instances one by one, and detaches them."""

from sandbox.api.attachment import give, names, take
from sandbox.api.errors import BadRequest, Conflict, OperationFailed
from sandbox.api.instance import KIND as INSTANCE
from sandbox.api.lifecycle import refuse_unless_settled, subject
from sandbox.api.routes import Call, find, operation
from sandbox.api.security_group import KIND
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document

KEY = "security-groups"  # of an instance


@operation("attach-instance-to-security-group")
def attach(cloud: Cloud, call: Call) -> Document:
    """Attaches a group, to pool members too; the pool's later instances do not get it (docs/exoscale.md, Security
    groups)."""
    group, instance = _named(cloud, call)
    if names(instance, KEY, group["id"]):
        raise Conflict(f"Instance {instance['id']} is attached to Security Group {group['id']} already")
    return cloud.operations.start(call.operation_id, KIND, group["id"], args={"instance": instance["id"]})


@operation("detach-instance-from-security-group")
def detach(cloud: Cloud, call: Call) -> Document:
    """Detaches a group, even the last one: clients that change all groups of an instance do so in any order."""
    group, instance = _named(cloud, call)
    if not names(instance, KEY, group["id"]):
        raise Conflict(f"Instance {instance['id']} is not attached to Security Group {group['id']}")
    return cloud.operations.start(call.operation_id, KIND, group["id"], args={"instance": instance["id"]})


@effect("attach-instance-to-security-group", "finish")
def attached(cloud: Cloud, operation: Document) -> None:
    group, instance = subject(cloud, KIND, operation), _subject(cloud, operation)
    give(cloud, instance["id"], KEY, group["id"])


@effect("detach-instance-from-security-group", "finish")
def detached(cloud: Cloud, operation: Document) -> None:
    take(cloud, _subject(cloud, operation)["id"], KEY, operation["reference"]["id"])


def _named(cloud: Cloud, call: Call) -> tuple[Document, Document]:
    """Returns the group and the instance that a request names."""
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
