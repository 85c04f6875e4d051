"""The system on an instance's disk: from a template, with a password. The disk itself holds nothing."""

from sandbox.api import password
from sandbox.api.errors import Conflict, NotFound
from sandbox.api.instance import KIND, single
from sandbox.api.lifecycle import subject
from sandbox.api.machine import described
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document


@operation("reset-instance")
def reset(cloud: Cloud, call: Call) -> Document:
    """Running or stopped, it stays so, and the disk may become smaller (both assumed)."""
    instance = single(cloud, call)
    return cloud.operations.start(call.operation_id, KIND, instance["id"], call.zone, described(cloud, call))


@operation("reset-instance-password")
def reset_password(cloud: Cloud, call: Call) -> Document:
    instance = single(cloud, call)
    if not password.fresh(cloud, instance["template"]["id"]):
        raise Conflict(f"Instance {instance['id']} has a template without passwords")
    return cloud.operations.start(call.operation_id, KIND, instance["id"], call.zone)


@operation("reveal-instance-password")
def reveal(cloud: Cloud, call: Call) -> Document:
    """Also that of an instance in a pool. After a day it is gone; status and words of that refusal are assumed."""
    instance = find(cloud, KIND, call.path["id"], call.zone)
    text = password.revealed(cloud, instance)
    if not text:
        raise NotFound(f"Password of instance {instance['id']} not found")
    return {"password": text}


@effect("reset-instance", "finish")
@effect("reset-instance-password", "finish")
def renewed(cloud: Cloud, operation: Document) -> None:
    instance = {**subject(cloud, KIND, operation), **operation["_args"]}
    instance.pop(password.KEY, None)
    cloud.store.put(KIND, {**instance, **password.fresh(cloud, instance["template"]["id"])})
