"""`exoscale.AntiAffinityGroup`: global, v2 client, never updated."""

from sandbox.plugins.exoscale.clients import Clients
from sandbox.plugins.exoscale.errors import Gone
from sandbox.plugins.exoscale.schema import Created, Input, Resource, present
from sandbox.plugins.properties import Properties


def create(clients: Clients, inputs: Properties) -> Created:
    """One POST."""
    body = present(name=inputs["name"], description=inputs.get("description"))
    client = clients.v2()
    id_ = client.run("create-anti-affinity-group", **body)
    client.call("get-anti-affinity-group", id=id_)
    return id_, {}


def read(clients: Clients, id_: str, known: Properties) -> Properties | None:
    """One GET."""
    try:
        group = clients.v2().call("get-anti-affinity-group", id=id_)
    except Gone:
        return None
    return {"name": group["name"], "description": group.get("description", "")}


def delete(clients: Clients, id_: str, known: Properties) -> None:
    """One DELETE."""
    clients.v2().run("delete-anti-affinity-group", id=id_)


RESOURCE = Resource(
    type="exoscale:index/antiAffinityGroup:AntiAffinityGroup",
    inputs={"name": Input(replaces=True), "description": Input(replaces=True)},
    outputs=(),
    create=create,
    read=read,
    delete=delete,
    import_id="<id>",
    update_timeout=False,
)
