"""Services of load balancers. They are stored in their load balancer, which their operations refer to."""

import contextlib

from sandbox.api import healthcheck
from sandbox.api.errors import BadRequest, Conflict, NotFound, OperationFailed
from sandbox.api.lifecycle import subject
from sandbox.api.load_balancer import KIND, settled, shown_service
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document

POOL = "instance-pool"


@operation("get-load-balancer-service")
def get(cloud: Cloud, call: Call) -> Document:
    return shown_service(cloud, _of(find(cloud, KIND, call.path["id"], call.zone), call))


@operation("add-service-to-load-balancer")
def add(cloud: Cloud, call: Call) -> Document:
    balancer = settled(cloud, call)
    service = {
        "id": cloud.ids.uuid(),
        **call.body,
        POOL: {"id": _pool_id(cloud, call)},  # nothing but the id: the CCM compares the whole object
        "healthcheck": healthcheck.complete(call.body["healthcheck"]),
        "state": "creating",
    }
    _refuse_taken_port(balancer, service)
    balancer["services"].append(service)
    return _start(cloud, call, balancer, service)


@operation("update-load-balancer-service")
def update(cloud: Cloud, call: Call) -> Document:
    balancer = settled(cloud, call)
    service = _settled(balancer, call)
    changes = dict(call.body)
    if "healthcheck" in changes:
        changes["healthcheck"] = healthcheck.complete(changes["healthcheck"])
    _refuse_taken_port(balancer, {**service, **changes})
    service["state"] = "updating"
    return _start(cloud, call, balancer, service, changes)


@operation("reset-load-balancer-service-field")
def reset_field(cloud: Cloud, call: Call) -> Document:
    balancer = settled(cloud, call)
    service = _settled(balancer, call)
    service["state"] = "updating"
    return _start(cloud, call, balancer, service, {call.path["field"]: None})


@operation("delete-load-balancer-service")
def delete(cloud: Cloud, call: Call) -> Document:
    balancer = settled(cloud, call)
    service = _settled(balancer, call)
    service["state"] = "deleting"
    return _start(cloud, call, balancer, service)


@effect("add-service-to-load-balancer", "finish")
@effect("update-load-balancer-service", "finish")
@effect("reset-load-balancer-service-field", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    balancer, service = _subject(cloud, operation)
    service |= {**operation["_args"]["changes"], "state": "running"}
    for key in [key for key, value in service.items() if value is None]:
        del service[key]
    cloud.store.put(KIND, balancer)


@effect("delete-load-balancer-service", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    balancer, service = _subject(cloud, operation)
    balancer["services"].remove(service)
    cloud.store.put(KIND, balancer)


@effect("add-service-to-load-balancer", "failed")
@effect("update-load-balancer-service", "failed")
@effect("reset-load-balancer-service-field", "failed")
@effect("delete-load-balancer-service", "failed")
def failed(cloud: Cloud, operation: Document) -> None:
    """Puts the service into state `error`, but not its load balancer."""
    with contextlib.suppress(OperationFailed):  # deleted meanwhile
        balancer, service = _subject(cloud, operation)
        service["state"] = "error"
        cloud.store.put(KIND, balancer)


def _of(balancer: Document, call: Call) -> Document:
    """Returns the service in the path, a part of `balancer`."""
    services: list[Document] = balancer["services"]
    for service in services:
        if service["id"] == call.path["service-id"]:
            return service
    raise NotFound(f"Load balancer service {call.path['service-id']} not found")


def _settled(balancer: Document, call: Call) -> Document:
    service = _of(balancer, call)
    if service["state"] not in ("running", "error"):
        raise Conflict(f"Load balancer service {service['id']} is busy: {service['state']}")
    return service


def _subject(cloud: Cloud, operation: Document) -> tuple[Document, Document]:
    """Returns the load balancer of an operation, and its service."""
    balancer = subject(cloud, KIND, operation)
    for service in balancer["services"]:
        if service["id"] == operation["_args"]["service"]:
            return balancer, service
    raise OperationFailed("not-found", f"Load balancer service {operation['_args']['service']} not found")


def _start(
    cloud: Cloud, call: Call, balancer: Document, service: Document, changes: Document | None = None
) -> Document:
    cloud.store.put(KIND, balancer)
    arguments = {"service": service["id"], "changes": changes or {}}
    return cloud.operations.start(call.operation_id, KIND, balancer["id"], call.zone, arguments)


def _pool_id(cloud: Cloud, call: Call) -> str:
    id_: str | None = call.body[POOL].get("id")
    if id_ is None:
        raise BadRequest("instance-pool.id is missing")
    pool = find(cloud, POOL, id_, call.zone)
    if pool["state"] == "destroying":
        raise Conflict(f"Instance pool {id_} is busy: {pool['state']}")
    return id_


def _refuse_taken_port(balancer: Document, wanted: Document) -> None:
    for service in balancer["services"]:
        taken = (service["port"], service["protocol"]) == (wanted["port"], wanted["protocol"])
        if taken and service["id"] != wanted["id"]:
            raise Conflict(
                f"Load Balancer {balancer['id']} already has a service on port {wanted['port']}/{wanted['protocol']}"
            )
