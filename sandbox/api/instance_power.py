"""Starts, stops and reboots standalone instances. Nothing boots; only their state changes."""

from sandbox.api.errors import Conflict
from sandbox.api.instance import KIND, single
from sandbox.api.lifecycle import set_state
from sandbox.api.routes import Call, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document

# The state during the operation, and the one after it.
STATES = {
    "start-instance": ("starting", "running"),
    "stop-instance": ("stopping", "stopped"),
    "reboot-instance": ("stopping", "running"),
}


@operation("start-instance")
@operation("stop-instance")
@operation("reboot-instance")
def change(cloud: Cloud, call: Call) -> Document:
    """Changes the power state. The provider stops a stopped instance before it changes its type; that a running one can
    be started, and a stopped one cannot be rebooted, is assumed. A rescue profile has no effect."""
    instance = single(cloud, call)
    if call.operation_id == "reboot-instance" and instance["state"] != "running":
        raise Conflict(f"Instance {instance['id']} is not running")
    passing, _ = STATES[call.operation_id]
    set_state(cloud, KIND, instance["id"], passing)
    return cloud.operations.start(call.operation_id, KIND, instance["id"], call.zone, {"before": instance["state"]})


@effect("start-instance", "finish")
@effect("stop-instance", "finish")
@effect("reboot-instance", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    _, state = STATES[operation["_operation"]]
    set_state(cloud, KIND, operation["reference"]["id"], state)


@effect("start-instance", "failed")
@effect("stop-instance", "failed")
@effect("reboot-instance", "failed")
def restored(cloud: Cloud, operation: Document) -> None:
    set_state(cloud, KIND, operation["reference"]["id"], operation["_args"]["before"])
