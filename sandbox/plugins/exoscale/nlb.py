"""`exoscale.Nlb`: zonal, v2 client."""

from sandbox.plugins.exoscale.clients import Clients, Document
from sandbox.plugins.exoscale.errors import Gone
from sandbox.plugins.exoscale.schema import Created, Edit, Input, Resource, ids, present
from sandbox.plugins.exoscale.texts import go_time
from sandbox.plugins.properties import Properties


def create(clients: Clients, inputs: Properties) -> Created:
    """One POST."""
    client = clients.v2(inputs["zone"])
    body = present(name=inputs["name"], description=inputs.get("description"), labels=inputs.get("labels"))
    id_ = client.run("create-load-balancer", **body)
    client.call("get-load-balancer", id=id_)
    return id_, {}


def read(clients: Clients, id_: str, known: Properties) -> Properties | None:
    """One GET."""
    try:
        balancer = clients.v2(known["zone"]).call("get-load-balancer", id=id_)
    except Gone:
        return None
    return {
        "name": balancer["name"],
        "description": balancer.get("description", ""),
        "labels": balancer.get("labels") or None,
        "createdAt": go_time(balancer["created-at"]),
        "ipAddress": balancer["ip"],
        "services": ids(balancer["services"]),
        "state": balancer["state"],
    }


def update(clients: Clients, id_: str, edit: Edit) -> None:
    """GET, then one PUT with the whole object, if anything differs."""
    client = clients.v2(edit.new["zone"])
    balancer = client.call("get-load-balancer", id=id_)
    if not edit.keys:
        return
    body: Document = {key: balancer[key] for key in ("name", "description", "labels") if key in balancer}
    empty = {"name": "", "description": "", "labels": {}}
    body |= {key: edit.new.get(key, empty[key]) for key in edit.keys & empty.keys()}
    client.run("update-load-balancer", id=id_, **body)


def delete(clients: Clients, id_: str, known: Properties) -> None:
    """One DELETE."""
    clients.v2(known["zone"]).run("delete-load-balancer", id=id_)


RESOURCE = Resource(
    type="exoscale:index/nlb:Nlb",
    inputs={
        "name": Input(),
        "description": Input(),
        "labels": Input(),
        "zone": Input(required=True, replaces=True),
    },
    outputs=("createdAt", "ipAddress", "services", "state"),
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_id="<id>@<zone>",
)
