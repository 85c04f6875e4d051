"""`exoscale.SecurityGroup`: global, v2 client; only its external sources can be changed."""

from typing import Any

from sandbox.plugins.exoscale.addresses import invalid_network
from sandbox.plugins.exoscale.clients import V2, Clients, Document
from sandbox.plugins.exoscale.errors import Gone
from sandbox.plugins.exoscale.schema import Created, Edit, Input, Resource, present
from sandbox.plugins.properties import Properties


def create(clients: Clients, inputs: Properties) -> Created:
    """POST, then one PUT per external source."""
    client = clients.v2()
    body = present(name=inputs["name"], description=inputs.get("description"))
    id_ = client.run("create-security-group", **body)
    client.call("get-security-group", id=id_)
    for cidr in inputs.get("externalSources") or []:
        client.run("add-external-source-to-security-group", id=id_, cidr=cidr)
    return id_, {}


def read(clients: Clients, id_: str, known: Properties) -> Properties | None:
    """One GET."""
    try:
        group = clients.v2().call("get-security-group", id=id_)
    except Gone:
        return None
    return {
        "name": group["name"],
        "description": group.get("description", ""),
        "externalSources": group.get("external-sources"),
    }


def update(clients: Clients, id_: str, edit: Edit) -> None:
    """Adds and removes external sources."""
    client = clients.v2()
    client.call("get-security-group", id=id_)
    old, new = set(edit.old.get("externalSources") or []), set(edit.new.get("externalSources") or [])
    for cidr in sorted(new - old):
        client.run("add-external-source-to-security-group", id=id_, cidr=cidr)
    for cidr in sorted(old - new):
        client.run("remove-external-source-from-security-group", id=id_, cidr=cidr)


def delete(clients: Clients, id_: str, known: Properties) -> None:
    """One DELETE."""
    clients.v2().run("delete-security-group", id=id_)


def find(client: V2, id_or_name: str) -> Document:
    """The group of that id or name, as the provider finds it: in the list, then by id.

    Raises:
        Gone: there is none.
    """
    for group in client.call("list-security-groups")["security-groups"]:
        if id_or_name in (group["id"], group["name"]):
            return client.call("get-security-group", id=group["id"])
    raise Gone("resource not found")


def _sources(value: Any) -> str | None:
    return next((reason for reason in (invalid_network("external_sources", cidr) for cidr in value) if reason), None)


RESOURCE = Resource(
    type="exoscale:index/securityGroup:SecurityGroup",
    inputs={
        "name": Input(replaces=True, any_case=True),
        "description": Input(replaces=True),
        "externalSources": Input(unordered=True, check=_sources),
    },
    outputs=(),
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_id="<id>",
    update_timeout=False,
    schema_version=1,
)
