"""DNS domains: zones that an organisation holds. No name server here answers for one."""

import re

from sandbox.api import dns_domain_record
from sandbox.api.errors import BadRequest, Conflict
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "dns-domain"
_NAME = re.compile(r"(?=.{1,255}$)[^\s.]{1,63}(\.[^\s.]{1,63})+")


@operation("list-dns-domains")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"dns-domains": [public(domain) for domain in cloud.store.list(KIND)]}


@operation("get-dns-domain")
def get(cloud: Cloud, call: Call) -> Document:
    return public(find(cloud, KIND, call.path["id"]))


@operation("get-dns-domain-zone-file")
def zone_file(cloud: Cloud, call: Call) -> Document:
    domain = find(cloud, KIND, call.path["id"])
    return {"zone-file": dns_domain_record.zone_file(cloud, domain)}


@operation("create-dns-domain")
def create(cloud: Cloud, call: Call) -> Document:
    """Creates a domain with Exoscale's own records. That a name is taken within its organisation only, and the words
    of both refusals, are assumed; so is a subscription for any number of domains (docs/exoscale.md, DNS)."""
    name = _in_unicode(call.body.get("unicode-name", ""))
    if not _NAME.fullmatch(name):
        raise BadRequest("Invalid domain name", [f"unicode-name: {name!r} is not a domain name"])
    if cloud.store.has(KIND, "unicode-name", name):
        raise Conflict(f"DNS domain {name} already exists")
    domain = {"id": cloud.ids.uuid(), "created-at": cloud.clock.timestamp(), "unicode-name": name}
    cloud.store.put(KIND, domain)
    dns_domain_record.add_system_records(cloud, domain["id"])
    return cloud.operations.start(call.operation_id, KIND, domain["id"])


@operation("delete-dns-domain")
def delete(cloud: Cloud, call: Call) -> Document:
    """Deletes a domain, and with it (assumed) all of its records."""
    return cloud.operations.start(call.operation_id, KIND, find(cloud, KIND, call.path["id"])["id"])


@effect("create-dns-domain", "failed")
@effect("delete-dns-domain", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    dns_domain_record.delete_all(cloud, operation["reference"]["id"])
    cloud.store.delete(KIND, operation["reference"]["id"])


def _in_unicode(name: str) -> str:
    """Returns the name as the API shows it, whatever form it was sent in (docs/exoscale.md, DNS)."""
    try:
        return name.encode("ascii").decode("idna")
    except UnicodeError:
        return name
