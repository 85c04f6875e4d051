"""Reverse DNS: the name for an instance's or an elastic IP's address. No name server here serves it; the provider
reads it with each elastic IP."""

from sandbox.api.errors import NotFound
from sandbox.api.lifecycle import subject
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document

NAME = "_reverse-dns"  # field of an object that has one; only these operations show it


@operation("get-reverse-dns-elastic-ip")
@operation("get-reverse-dns-instance")
def get(cloud: Cloud, call: Call) -> Document:
    return {"domain-name": _named(cloud, call)[NAME]}


@operation("update-reverse-dns-elastic-ip")
@operation("update-reverse-dns-instance")
def update(cloud: Cloud, call: Call) -> Document:
    find(cloud, _kind(call.operation_id), call.path["id"], call.zone)
    return _start(cloud, call, call.body.get("domain-name"))


@operation("delete-reverse-dns-elastic-ip")
@operation("delete-reverse-dns-instance")
def delete(cloud: Cloud, call: Call) -> Document:
    """Returns the name, or a 404, which the provider ignores when it deletes an elastic IP."""
    _named(cloud, call)
    return _start(cloud, call, None)


@effect("update-reverse-dns-elastic-ip", "finish")
@effect("update-reverse-dns-instance", "finish")
@effect("delete-reverse-dns-elastic-ip", "finish")
@effect("delete-reverse-dns-instance", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    kind = _kind(operation["_operation"])
    document, name = subject(cloud, kind, operation), operation["_args"]["name"]
    document.pop(NAME, None)
    cloud.store.put(kind, {**document, NAME: name} if name else document)


def _kind(operation_id: str) -> str:
    return operation_id.partition("-reverse-dns-")[2]


def _named(cloud: Cloud, call: Call) -> Document:
    document = find(cloud, _kind(call.operation_id), call.path["id"], call.zone)
    if NAME not in document:
        raise NotFound(f"Reverse DNS of {document['id']} not found")
    return document


def _start(cloud: Cloud, call: Call, name: str | None) -> Document:
    kind = _kind(call.operation_id)
    return cloud.operations.start(call.operation_id, kind, call.path["id"], call.zone, {"name": name})
