"""`exoscale.DomainRecord`: a record of a DNS domain, global, v3 client. One that was deleted by hand is an error to
refresh and to delete: the real provider looks for the other client's "not found" (docs/plugins.md, Exoscale calls)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.plugins.exoscale.clients import GLOBAL_ZONE, V3, Clients, Document
from sandbox.plugins.exoscale.errors import CloudError
from sandbox.plugins.exoscale.schema import Created, Edit, Input, Resource, present
from sandbox.plugins.properties import Properties

_TYPES = (
    *("A", "AAAA", "ALIAS", "CAA", "CNAME", "HINFO", "MX", "NAPTR", "NS", "POOL", "SPF", "SRV", "SSHFP", "TXT"),
    "URL",
)


def create(clients: Clients, inputs: Properties) -> Created:
    """One POST."""
    client = clients.v3(GLOBAL_ZONE)
    body = {"name": inputs["name"], "content": inputs["content"], "type": inputs["recordType"], **_numbers(inputs)}
    try:
        return client.run("create-dns-domain-record", domain_id=inputs["domain"], **body), {}
    except CloudError as error:
        raise CloudError(f"error creating domain record: {json.dumps(str(error), ensure_ascii=False)}") from None


def read(clients: Clients, id_: str, known: Properties) -> Properties:
    """GETs domain and record; the content stays as the program spells it."""
    client = clients.v3(GLOBAL_ZONE)
    with _doing("retrieving domain"):
        domain = client.call("get-dns-domain", id=known["domain"])
    return _shown(domain, _get(client, known["domain"], id_))


def refresh(clients: Clients, id_: str, known: Properties) -> Properties | None:
    """GETs the record once more, before the read. The content is the cloud's if that has changed there."""
    if "domain" not in known:
        return _imported(clients, id_)
    clients.v3(GLOBAL_ZONE).call("get-dns-domain-record", domain_id=known["domain"], record_id=id_)
    found = read(clients, id_, known)
    if known.get("contentNormalized") not in (None, "", found["contentNormalized"]):
        found["content"] = found["contentNormalized"]
    return found


def update(clients: Clients, id_: str, edit: Edit) -> None:
    """One PUT with everything but what is empty, which stays as it is."""
    new = edit.new
    body = present(name=new["name"], content=new["content"], **_numbers(new))
    with _doing("updating domain record"):
        clients.v3(GLOBAL_ZONE).run("update-dns-domain-record", domain_id=new["domain"], record_id=id_, **body)


def delete(clients: Clients, id_: str, known: Properties) -> None:
    """GET, then one DELETE."""
    client = clients.v3(GLOBAL_ZONE)
    record = _get(client, known["domain"], id_)
    with _doing("deleting domain record"):
        client.run("delete-dns-domain-record", domain_id=known["domain"], record_id=record["id"])


def _imported(clients: Clients, id_: str) -> Properties | None:
    """Looks for the record in every domain."""
    client = clients.v3(GLOBAL_ZONE)
    for domain in client.call("list-dns-domains")["dns-domains"]:
        for record in client.call("list-dns-domain-records", domain_id=domain["id"])["dns-domain-records"]:
            if record["id"] == id_:
                return {**_shown(domain, record), "domain": domain["id"], "content": record["content"]}
    return None


def _get(client: V3, domain_id: str, id_: str) -> Document:
    with _doing("retrieving domain record"):
        return client.call("get-dns-domain-record", domain_id=domain_id, record_id=id_)


def _shown(domain: Document, record: Document) -> Properties:
    zone = domain["unicode-name"]
    return {
        "name": record["name"],
        "recordType": record["type"],
        "contentNormalized": record["content"],
        "ttl": record["ttl"],
        "prio": record["priority"],
        "hostname": f"{record['name']}.{zone}" if record["name"] else zone,
    }


def _numbers(inputs: Properties) -> Properties:
    return present(ttl=inputs.get("ttl") or None, priority=inputs.get("prio") or None)


@contextmanager
def _doing(what: str) -> Iterator[None]:
    try:
        yield
    except CloudError as error:
        raise CloudError(f"error {what}: {error}") from None


def _type(value: Any) -> str | None:
    if str(value).upper() in _TYPES:
        return None
    return f"expected record_type to be one of [{' '.join(map(json.dumps, _TYPES))}], got {value}"


RESOURCE = Resource(
    type="exoscale:index/domainRecord:DomainRecord",
    inputs={
        "domain": Input(required=True, replaces=True),
        "recordType": Input(required=True, replaces=True, check=_type),
        "name": Input(),
        "content": Input(required=True),
        "ttl": Input(computed=True),
        "prio": Input(computed=True),
    },
    outputs=("contentNormalized", "hostname"),
    create=create,
    read=read,
    refresh=refresh,
    update=update,
    delete=delete,
    import_id="<id>",
    schema_version=1,
)
