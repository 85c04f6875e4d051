"""The stack's names in a DNS domain of Exoscale's: address records that lead to the ingress controller.

A record has no label and no description (docs/exoscale.md, DNS), so nothing in the cloud proves whose it is. Only the
ids in the state do: no sweep and no audit deletes a record, and an `up` changes none that it did not make. It adopts
one that has the stack's name and the stack's address: an interrupted `up` made it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .cloud.account import Account, Document, NotFound
from .errors import TeardownError
from .subject import Say

_LEADS_ELSEWHERE = ("A", "AAAA", "ALIAS", "CNAME", "POOL", "URL")  # types that say where a name leads


@dataclass(frozen=True)
class Wanted:
    """The records of one stack.

    Args:
        domain: name of the domain.
        names: their names within it.
        address: the IPv4 address that all of them have; empty if it is not known yet.
        ttl: how long resolvers may keep it, in seconds.
    """

    domain: str
    names: tuple[str, ...]
    address: str = ""
    ttl: int = 0


def refused(account: Account, wanted: Wanted) -> str:
    """Says in one line why records cannot be made; empty if they can."""
    domains = _domains(account)
    if wanted.domain not in domains:
        held = ", ".join(sorted(domains)) or "none, for it holds no domain. Next: add it in the Exoscale portal (DNS)"
        return (
            f"dns.domain is {wanted.domain}, which organisation {account.organization()} does not hold; allowed: {held}"
        )
    return _taken(wanted, _records(account, domains[wanted.domain]))


def make(account: Account, wanted: Wanted, known: Mapping[str, str], say: Say) -> dict[str, str]:
    """Makes the records, or makes them again as they have to be. Safe to re-run.

    Args:
        account: the account in any zone.
        wanted: what they have to be.
        known: ids of those that the state holds, by name.
        say: called with a line for each one made.

    Returns:
        Their ids by name.

    Raises:
        TeardownError: the domain is not the organisation's, or somebody else has a record of that name.
    """
    if why := refused(account, Wanted(wanted.domain, ())):
        raise TeardownError(why)
    domain = _domains(account)[wanted.domain]
    there = _records(account, domain)
    made = {name: id_ for name, id_ in known.items() if id_ in there and name in wanted.names}
    others = {id_: record for id_, record in there.items() if id_ not in made.values()}
    missing = [name for name in wanted.names if name not in made]
    if why := _taken(Wanted(wanted.domain, tuple(missing), wanted.address), others):
        raise TeardownError(why)
    for name in wanted.names:
        fields: dict[str, Any] = {"content": wanted.address, "ttl": wanted.ttl}
        id_ = made.get(name) or next((id_ for id_, one in others.items() if _is_same(one, name, wanted.address)), "")
        if not id_:
            operation = account.finish(
                account.create_dns_domain_record, domain_id=domain, name=name, type="A", **fields
            )
            id_ = operation["reference"]["id"]
            say(f"made record {name}.{wanted.domain} of {wanted.address}")
        elif any(there[id_].get(key) != value for key, value in fields.items()):
            account.finish(account.update_dns_domain_record, domain_id=domain, record_id=id_, **fields)
            say(f"changed record {name}.{wanted.domain} to {wanted.address}")
        made[name] = id_
    return made


def amiss(account: Account, wanted: Wanted, known: Mapping[str, str]) -> list[str]:
    """Names the records that somebody deleted or changed by hand; none if the domain is gone."""
    domain = _domains(account).get(wanted.domain)
    there = _records(account, domain) if domain else {}
    found = {name: there.get(known.get(name, "")) for name in wanted.names if domain}
    return [name for name, one in found.items() if one is None or one["content"] != wanted.address]


def remove(account: Account, domain: str, known: Mapping[str, str], say: Say) -> None:
    """Deletes the records that the state holds. One that is gone is done, and so are all if the domain is gone.

    Args:
        account: the account in any zone.
        domain: name of the domain.
        known: their ids by name.
        say: called with a line for each one deleted.
    """
    zone = _domains(account).get(domain)
    for name, id_ in known.items() if zone else ():
        try:
            account.finish(account.delete_dns_domain_record, domain_id=zone, record_id=id_)
        except NotFound:
            continue
        say(f"deleted record {name}.{domain}")


def left(account: Account, wanted: Wanted) -> list[str]:
    """Returns a line for each record of these names that is there when none is in the state any more."""
    domain = _domains(account).get(wanted.domain)
    there = _records(account, domain).values() if domain else ()
    return [
        f"record {one['name']}.{wanted.domain} of {one['content']} stays: no state says whose it is. Next: delete it "
        "in the Exoscale portal (DNS) if nobody needs it"
        for one in there
        if one["name"] in wanted.names and one["type"] in _LEADS_ELSEWHERE
    ]


def _taken(wanted: Wanted, there: Mapping[str, Document]) -> str:
    others = [one for one in there.values() if one["name"] in wanted.names and one["type"] in _LEADS_ELSEWHERE]
    for one in others:
        if not (wanted.address and _is_same(one, one["name"], wanted.address)):
            return (
                f"{one['name']}.{wanted.domain} has a record that is not this stack's: {one['type']} {one['content']}. "
                "Next: delete it in the Exoscale portal (DNS) if nobody needs it; otherwise another stack name"
            )
    return ""


def _is_same(record: Document, name: str, address: str) -> bool:
    return (record["name"], record["type"], record["content"]) == (name, "A", address)


def _domains(account: Account) -> dict[str, str]:
    """Returns the ids of the organisation's domains by name, in ASCII: the API shows it in Unicode."""
    found: Iterable[Document] = account.call(account.list_dns_domains).get("dns-domains", [])
    return {_ascii(one["unicode-name"]): one["id"] for one in found}


def _ascii(name: str) -> str:
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _records(account: Account, domain_id: str) -> dict[str, Document]:
    """Returns the domain's records by id."""
    found = account.call(account.list_dns_domain_records, domain_id=domain_id).get("dns-domain-records", [])
    return {one["id"]: one for one in found}
