"""DNS domains and their records, through the official client."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from sandbox.store import Document
from tests.sandbox.sks_bench import NOWHERE, refused

Settle = Callable[[dict[str, Any]], str]
EXOSCALES = {"SOA", "NS"}


@pytest.fixture
def domain(client: SandboxClient, settle: Settle) -> str:
    return settle(client.create_dns_domain(unicode_name="example.org"))


@pytest.fixture
def record(client: SandboxClient, settle: Settle, domain: str) -> Callable[..., Document]:
    """Makes records of the domain, and returns them as they are shown."""

    def make(name: str = "www", type: str = "A", content: str = "192.0.2.1", **more: Any) -> Document:
        id_ = settle(client.create_dns_domain_record(domain_id=domain, name=name, type=type, content=content, **more))
        shown: Document = client.get_dns_domain_record(domain_id=domain, record_id=id_)
        return shown

    return make


def own(client: SandboxClient, domain: str) -> list[Document]:
    """The domain's records but for Exoscale's."""
    rows = client.list_dns_domain_records(domain_id=domain)["dns-domain-records"]
    return [row for row in rows if row["type"] not in EXOSCALES]


def test_a_domain_is_listed_and_read_in_every_zone(
    client: SandboxClient, domain: str, connected: Callable[..., SandboxClient]
) -> None:
    shown = client.get_dns_domain(id=domain)
    assert shown["unicode-name"] == "example.org"
    assert client.list_dns_domains() == {"dns-domains": [shown]}
    assert connected(zone="at-vie-1").get_dns_domain(id=domain) == shown


def test_a_domain_comes_with_exoscales_records_which_stay(client: SandboxClient, domain: str) -> None:
    rows = client.list_dns_domain_records(domain_id=domain)["dns-domain-records"]
    assert [row["type"] for row in rows] == ["SOA", "NS", "NS", "NS", "NS"]
    assert all(row["system-record"] and row["ttl"] == 3600 for row in rows)
    name_server = {"domain_id": domain, "record_id": rows[1]["id"]}
    assert "system record" in refused(lambda: client.delete_dns_domain_record(**name_server), 409)
    assert "system record" in refused(
        lambda: client.update_dns_domain_record(**name_server, content="ns.acme.org"), 409
    )


def test_a_domains_name_is_shown_in_unicode_whatever_was_sent(client: SandboxClient, settle: Settle) -> None:
    id_ = settle(client.create_dns_domain(unicode_name="xn--bcher-kva.example"))
    assert client.get_dns_domain(id=id_)["unicode-name"] == "bücher.example"
    assert "already exists" in refused(lambda: client.create_dns_domain(unicode_name="bücher.example"), 409)


@pytest.mark.parametrize("name", ["", "example", "a b.org", ".org", "example.", "a" * 64 + ".org", "a." * 130 + "org"])
def test_a_name_that_is_no_domain_is_refused(client: SandboxClient, name: str) -> None:
    refused(lambda: client.create_dns_domain(unicode_name=name), 400)
    assert client.list_dns_domains() == {"dns-domains": []}


def test_a_domain_takes_its_records_along(client: SandboxClient, domain: str, record: Any, cloud: Cloud) -> None:
    id_ = record()["id"]
    client.wait(client.delete_dns_domain(id=domain)["id"])
    refused(lambda: client.get_dns_domain(id=domain), 404)
    refused(lambda: client.get_dns_domain_record(domain_id=domain, record_id=id_), 404)
    assert cloud.store.list("dns-domain-record") == []


def test_a_record_is_listed_and_read_and_lives_an_hour_unless_told_otherwise(
    client: SandboxClient, domain: str, record: Any
) -> None:
    one, other = record("*.demo"), record("mail", "MX", "mx.example.org", ttl=60, priority=10)
    assert own(client, domain) == [one, other]
    assert (one["name"], one["type"], one["content"], one["ttl"], one["priority"]) == (
        "*.demo",
        "A",
        "192.0.2.1",
        3600,
        0,
    )
    assert (other["ttl"], other["priority"], other["system-record"]) == (60, 10, False)


def test_a_record_of_another_domain_is_not_found(
    client: SandboxClient, settle: Settle, domain: str, record: Any
) -> None:
    id_, other = record()["id"], settle(client.create_dns_domain(unicode_name="acme.org"))
    message = refused(lambda: client.get_dns_domain_record(domain_id=other, record_id=id_), 404)
    assert message.endswith(f" {id_} not found")
    assert own(client, other) == []
    refused(lambda: client.list_dns_domain_records(domain_id=NOWHERE), 404)


def test_a_text_is_kept_in_quotes(client: SandboxClient, domain: str, record: Any, settle: Settle) -> None:
    text = record("", "TXT", "hello world")
    assert text["content"] == '"hello world"'
    settle(client.update_dns_domain_record(domain_id=domain, record_id=text["id"], content="bye"))
    settle(client.update_dns_domain_record(domain_id=domain, record_id=text["id"], ttl=60))
    changed = client.get_dns_domain_record(domain_id=domain, record_id=text["id"])
    assert (changed["content"], changed["ttl"], changed["name"]) == ('"bye"', 60, "")
    assert record("quoted", "TXT", '"as it is"')["content"] == '"as it is"'


@pytest.mark.parametrize(
    ("type_", "content"),
    [("A", "example.org"), ("A", "2001:db8::1"), ("AAAA", "192.0.2.1"), ("CNAME", ""), ("TXT", " ")],
)
def test_a_content_that_cannot_be_is_refused(client: SandboxClient, domain: str, type_: str, content: str) -> None:
    body = {"domain_id": domain, "name": "www", "type": type_, "content": content}
    assert "Validation failed" in refused(lambda: client.create_dns_domain_record(**body), 400)
    assert own(client, domain) == []


def test_a_name_may_have_several_addresses_but_none_twice(client: SandboxClient, domain: str, record: Any) -> None:
    record(content="192.0.2.1")
    record(content="192.0.2.2")
    same = {"domain_id": domain, "name": "www", "type": "A", "content": "192.0.2.1", "ttl": 60}
    assert "already exists" in refused(lambda: client.create_dns_domain_record(**same), 400)
    assert [row["content"] for row in own(client, domain)] == ["192.0.2.1", "192.0.2.2"]


def test_a_deleted_record_is_gone_and_may_be_made_again(
    client: SandboxClient, domain: str, record: Any, settle: Settle
) -> None:
    id_ = record()["id"]
    assert settle(client.delete_dns_domain_record(domain_id=domain, record_id=id_)) == id_
    refused(lambda: client.delete_dns_domain_record(domain_id=domain, record_id=id_), 404)
    assert record()["id"] != id_


@pytest.mark.parametrize("of", ["dns-domain", "dns-domain-record"])
def test_a_failed_creation_leaves_nothing(client: SandboxClient, domain: str, cloud: Cloud, of: str) -> None:
    cloud.faults.arm(Fault(f"create-{of}", "failure"))
    if of == "dns-domain":
        operation = client.create_dns_domain(unicode_name="acme.org")
    else:
        operation = client.create_dns_domain_record(domain_id=domain, name="www", type="A", content="192.0.2.1")
    with pytest.raises(OperationEnded):
        client.wait(operation["id"])
    assert [row["id"] for row in client.list_dns_domains()["dns-domains"]] == [domain]
    assert own(client, domain) == []


def test_a_zone_file_has_every_record(client: SandboxClient, domain: str, record: Any) -> None:
    record("*.demo", content="192.0.2.7", ttl=60)
    record("mail", "MX", "mx.example.org", priority=10)
    record("", "TXT", "hello world")
    lines = client.get_dns_domain_zone_file(id=domain)["zone-file"].splitlines()
    assert lines[:4] == [
        "$ORIGIN example.org.",
        "$TTL 1h",
        "example.org. 3600 IN SOA ns1.exoscale.ch. admin.dnsimple.com. 1654788358 86400 7200 604800 300",
        "example.org. 3600 IN NS ns1.exoscale.ch.",
    ]
    assert lines[-3:] == [
        "*.demo.example.org. 60 IN A 192.0.2.7",
        "mail.example.org. 3600 IN MX 10 mx.example.org.",
        'example.org. 3600 IN TXT "hello world"',
    ]
