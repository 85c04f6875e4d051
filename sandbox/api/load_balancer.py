"""Network load balancers: each has a public address, and services that forward its ports to instance pools."""

from typing import Any

from sandbox.api import address, healthcheck, quota
from sandbox.api.errors import Conflict
from sandbox.api.lifecycle import error_on_failure, refuse_unless_settled, subject
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "load-balancer"


@operation("list-load-balancers")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"load-balancers": [shown(cloud, balancer) for balancer in cloud.store.list(KIND, call.zone)]}


@operation("get-load-balancer")
def get(cloud: Cloud, call: Call) -> Document:
    return shown(cloud, find(cloud, KIND, call.path["id"], call.zone))


@operation("create-load-balancer")
def create(cloud: Cloud, call: Call) -> Document:
    if cloud.rules.load_balancer_names_unique:
        _refuse_taken_name(cloud, call)
    quota.check(cloud, "network-load-balancer")
    balancer = {
        "id": cloud.ids.uuid(),
        **call.body,
        "ip": address.free(cloud, address.LOAD_BALANCERS),
        "created-at": cloud.clock.timestamp(),
        "state": "creating",
        "services": [],
        "_zone": call.zone,
    }
    cloud.store.put(KIND, balancer)
    return _start(cloud, call, balancer)


@operation("update-load-balancer")
def update(cloud: Cloud, call: Call) -> Document:
    balancer = settled(cloud, call)
    if call.body.get("name", balancer["name"]) != balancer["name"]:
        _refuse_taken_name(cloud, call)  # a clashing rename is certainly refused (docs/exoscale.md, Load balancers)
    return _start(cloud, call, balancer, call.body)


@operation("reset-load-balancer-field")
def reset_field(cloud: Cloud, call: Call) -> Document:
    return _start(cloud, call, settled(cloud, call), {call.path["field"]: None})


@operation("delete-load-balancer")
def delete(cloud: Cloud, call: Call) -> Document:
    """Deletes a load balancer with its services (assumed: docs/exoscale.md, Load balancers)."""
    balancer = settled(cloud, call)
    cloud.store.put(KIND, {**balancer, "state": "deleting"})
    return _start(cloud, call, balancer)


@effect("create-load-balancer", "finish")
@effect("update-load-balancer", "finish")
@effect("reset-load-balancer-field", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    balancer = subject(cloud, KIND, operation)
    if balancer["state"] != "deleting":  # two operations may overlap, and the deletion wins
        balancer |= {**operation["_args"], "state": "running"}
        cloud.store.put(KIND, {key: value for key, value in balancer.items() if value is not None})


@effect("delete-load-balancer", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    cloud.store.delete(KIND, operation["reference"]["id"])


error_on_failure(
    KIND, "create-load-balancer", "update-load-balancer", "reset-load-balancer-field", "delete-load-balancer"
)


def settled(cloud: Cloud, call: Call) -> Document:
    """Returns the load balancer in the path, ready for a change.

    Raises:
        Conflict: it is being created or deleted.
    """
    balancer = find(cloud, KIND, call.path["id"], call.zone)
    refuse_unless_settled(KIND, balancer)
    return balancer


def shown(cloud: Cloud, balancer: Document) -> Document:
    """Returns the load balancer as the API shows it, with the current results of its health checks."""
    services = [shown_service(cloud, service) for service in balancer["services"]]
    return {**public(balancer), "services": services}


def shown_service(cloud: Cloud, service: Document) -> Document:
    """Returns a service as the API shows it."""
    return {**service, "healthcheck-status": healthcheck.status(cloud, service)}


def targeting(cloud: Cloud, pool_id: str) -> Document | None:
    """Returns a load balancer, in any state, with a service that sends traffic to the pool, if there is one."""
    return next(iter(cloud.store.where(KIND, "services.instance-pool.id", pool_id)), None)


def _start(cloud: Cloud, call: Call, balancer: Document, changes: dict[str, Any] | None = None) -> Document:
    return cloud.operations.start(call.operation_id, KIND, balancer["id"], call.zone, changes)


def _refuse_taken_name(cloud: Cloud, call: Call) -> None:
    if any(balancer["_zone"] == call.zone for balancer in cloud.store.where(KIND, "name", call.body["name"])):
        raise Conflict(f"Load Balancer {call.body['name']} already exists")
