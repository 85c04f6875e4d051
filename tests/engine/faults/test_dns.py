"""Names in a DNS domain of Exoscale's: a destroy deletes the stack's and nobody else's, whatever became of them."""

from collections.abc import Callable, Iterator

import pytest

from tests.engine.faults.account import Account, Document
from tests.engine.faults.subject import Subject

pytestmark = [pytest.mark.engine, pytest.mark.slow]

AssertGone = Callable[..., None]
Left = Callable[[], dict[str, list[str]]]
DOMAIN = "example.org"
EXOSCALES = ("SOA", "NS")


class Zone:
    """A domain of the organisation's, as a person sees it."""

    def __init__(self, account: Account) -> None:
        self._client = account.client
        self.id = self._done(self._client.create_dns_domain(unicode_name=DOMAIN))

    def add(self, name: str, content: str) -> str:
        made = self._client.create_dns_domain_record(domain_id=self.id, name=name, type="A", content=content)
        return self._done(made)

    def delete(self, record_id: str) -> None:
        self._done(self._client.delete_dns_domain_record(domain_id=self.id, record_id=record_id))

    def records(self) -> dict[str, Document]:
        """By name, Exoscale's own aside."""
        found = self._client.list_dns_domain_records(domain_id=self.id)["dns-domain-records"]
        return {one["name"]: one for one in found if one["type"] not in EXOSCALES}

    def close(self) -> None:
        self._done(self._client.delete_dns_domain(id=self.id))

    def _done(self, operation: Document) -> str:
        return str(self._client.wait(operation["id"])["reference"]["id"])


@pytest.fixture
def zone(account: Account) -> Iterator[Zone]:
    made = Zone(account)
    yield made
    made.close()


@pytest.fixture
def named(make_subject: Callable[..., Subject], zone: Zone) -> Subject:
    """A stack with a name in the domain, up, and a record of somebody else's beside it."""
    zone.add("www", "203.0.113.9")
    subject = make_subject(dns={"domain": DOMAIN})
    assert subject.up().outputs["url"].value == f"http://exoscale-sks-{subject.name}.{DOMAIN}"
    return subject


def test_a_name_leads_to_the_load_balancer_stays_and_goes_with_the_stack(
    named: Subject, zone: Zone, account: Account, assert_gone: AssertGone
) -> None:
    own = f"exoscale-sks-{named.name}"
    balancer = account.one("load-balancer", lambda item: item["name"] == f"{own}-ingress")
    assert {name: one["content"] for name, one in zone.records().items()} == {
        "www": "203.0.113.9",
        own: balancer["ip"],
        f"*.{own}": balancer["ip"],
    }
    assert named.up().summary.resource_changes.keys() == {"same"}
    named.destroy()
    assert zone.records().keys() == {"www"}
    assert_gone(named)


def test_a_record_was_deleted_by_hand(named: Subject, zone: Zone, assert_gone: AssertGone) -> None:
    own = f"exoscale-sks-{named.name}"
    zone.delete(zone.records()[own]["id"])
    named.up()
    assert zone.records().keys() == {"www", own, f"*.{own}"}

    zone.delete(zone.records()[own]["id"])
    named.destroy()
    assert zone.records().keys() == {"www"}
    assert_gone(named)


def test_a_domain_that_is_not_held_and_a_name_that_is_taken_are_refused_before_anything_is_made(
    make_subject: Callable[..., Subject], zone: Zone, left: Left, assert_gone: AssertGone
) -> None:
    subject = make_subject(dns={"domain": "example.com"})
    printed = subject.fails_to_come_up()
    assert "dns.domain is example.com, which organisation sandbox" in printed
    assert f"does not hold; allowed: {DOMAIN}" in printed

    zone.add(f"exoscale-sks-{subject.name}", "203.0.113.9")
    subject.set(dns={"domain": DOMAIN})
    assert "has a record that is not this stack's: A 203.0.113.9. Next: " in subject.fails_to_come_up()
    assert left() == {}
    subject.destroy()
    assert_gone(subject)
