"""An instance's system, from its template, and its password. The simulated disk is empty."""

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
    """Resets an instance, which keeps running or stays stopped; its disk may become smaller (both assumed)."""
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
    """Reveals a password, also of an instance in a pool. It expires after a day; status and words are assumed."""
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
