"""Records of DNS domains, which belong to their domain's organisation."""

from ipaddress import AddressValueError, IPv4Address, IPv6Address

from sandbox.api.errors import BadRequest, Conflict, NotFound
from sandbox.api.lifecycle import subject
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "dns-domain-record"
_DOMAIN = "_domain"  # field of a record: the id of its domain
_TTL = 3600  # when none is given
_NAME_SERVERS = tuple(f"ns1.exoscale.{top}" for top in ("ch", "com", "io", "net"))
_SOA = f"{_NAME_SERVERS[0]} admin.dnsimple.com 1654788358 86400 7200 604800 300"
_ADDRESSES: dict[str, type[IPv4Address | IPv6Address]] = {"A": IPv4Address, "AAAA": IPv6Address}
_HOSTS = {"ALIAS", "CNAME", "MX", "NS", "SRV"}  # types whose content ends in a host name


@operation("list-dns-domain-records")
def list_(cloud: Cloud, call: Call) -> Document:
    domain = find(cloud, "dns-domain", call.path["domain-id"])
    return {"dns-domain-records": [public(record) for record in _records(cloud, domain["id"])]}


@operation("get-dns-domain-record")
def get(cloud: Cloud, call: Call) -> Document:
    return public(_find(cloud, call))


@operation("create-dns-domain-record")
def create(cloud: Cloud, call: Call) -> Document:
    """Creates a record. One that exists already with this name, type and content is refused (docs/exoscale.md, DNS)."""
    domain = find(cloud, "dns-domain", call.path["domain-id"])
    record = _made(cloud, domain["id"], {**call.body, "content": _normal(call.body["type"], call.body["content"])})
    same = ("name", "type", "content")
    if any(all(other[key] == record[key] for key in same) for other in _records(cloud, domain["id"])):
        raise BadRequest("Zone record already exists")
    cloud.store.put(KIND, record)
    return cloud.operations.start(call.operation_id, KIND, record["id"])


@operation("update-dns-domain-record")
def update(cloud: Cloud, call: Call) -> Document:
    record = _own(cloud, call)
    changes = {**call.body}
    if "content" in changes:
        changes["content"] = _normal(record["type"], changes["content"])
    return cloud.operations.start(call.operation_id, KIND, record["id"], args=changes)


@operation("delete-dns-domain-record")
def delete(cloud: Cloud, call: Call) -> Document:
    return cloud.operations.start(call.operation_id, KIND, _own(cloud, call)["id"])


@effect("update-dns-domain-record", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    record = {**subject(cloud, KIND, operation), **operation["_args"], "updated-at": cloud.clock.timestamp()}
    cloud.store.put(KIND, record)


@effect("create-dns-domain-record", "failed")
@effect("delete-dns-domain-record", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    cloud.store.delete(KIND, operation["reference"]["id"])


def add_system_records(cloud: Cloud, domain_id: str) -> None:
    """Gives a new domain the records that Exoscale serves it by."""
    for type_, content in (("SOA", _SOA), *(("NS", host) for host in _NAME_SERVERS)):
        record = _made(cloud, domain_id, {"name": "", "type": type_, "content": content})
        cloud.store.put(KIND, {**record, "system-record": True})


def delete_all(cloud: Cloud, domain_id: str) -> None:
    """Deletes every record of a domain."""
    for record in _records(cloud, domain_id):
        cloud.store.delete(KIND, record["id"])


def zone_file(cloud: Cloud, domain: Document) -> str:
    """Returns the domain as a zone file."""
    origin = f"{domain['unicode-name']}."
    lines = [f"$ORIGIN {origin}", "$TTL 1h"]
    for record in _records(cloud, domain["id"]):
        host = f"{record['name']}.{origin}" if record["name"] else origin
        lines.append(f"{host} {record['ttl']} IN {record['type']} {_in_zone_file(record)}")
    return "\n".join(lines)


def _records(cloud: Cloud, domain_id: str) -> list[Document]:
    return cloud.store.where(KIND, _DOMAIN, domain_id)


def _find(cloud: Cloud, call: Call) -> Document:
    domain, id_ = find(cloud, "dns-domain", call.path["domain-id"]), call.path["record-id"]
    record = cloud.store.get(KIND, id_)
    if record is None or record[_DOMAIN] != domain["id"]:
        raise NotFound(f"DNS domain record {id_} not found")
    return record


def _own(cloud: Cloud, call: Call) -> Document:
    """Returns a record that the user may change.

    Raises:
        Conflict: it is Exoscale's own; status and words are assumed.
    """
    record = _find(cloud, call)
    if record["system-record"]:
        raise Conflict(f"DNS domain record {record['id']} is a system record")
    return record


def _made(cloud: Cloud, domain_id: str, body: Document) -> Document:
    now = cloud.clock.timestamp()
    defaults = {"ttl": _TTL, "priority": 0, "system-record": False, "created-at": now, "updated-at": now}
    return {**defaults, **body, "id": cloud.ids.uuid(), _DOMAIN: domain_id}


def _normal(type_: str, content: str) -> str:
    """Returns a record's content as the API keeps it: a text in quotes, anything else as it is.

    Raises:
        BadRequest: it is empty, or (assumed) not an address where one has to be.
    """
    if not content.strip():
        raise BadRequest("Validation failed", ["content: can't be blank"])
    if type_ in _ADDRESSES:
        try:
            _ADDRESSES[type_](content)
        except AddressValueError as error:
            raise BadRequest("Validation failed", [f"content: {error}"]) from None
    quoted = len(content) > 1 and content[0] == content[-1] == '"'
    return f'"{content}"' if type_ == "TXT" and not quoted else content


def _in_zone_file(record: Document) -> str:
    content = record["content"]
    if record["type"] == "SOA":
        server, person, numbers = content.split(" ", 2)
        return f"{server}. {person}. {numbers}"
    if record["type"] in _HOSTS:
        content = f"{content.removesuffix('.')}."
    return f"{record['priority']} {content}" if record["type"] in ("MX", "SRV") else content
