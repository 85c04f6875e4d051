"""Records of DNS domains and the look-up of a domain, as the real plugin makes them (docs/plugins.md)."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from sandbox.plugins.properties import UNKNOWN
from tests.sandbox.plugins.cloud_bench import Calls
from tests.sandbox.plugins.plugin_driver import Plugin, Refused, Resource
from tests.sandbox.sks_bench import NOWHERE

Make = Callable[..., Resource]

RECORD = "exoscale:index/domainRecord:DomainRecord"
GET_DOMAIN = "exoscale:index/getDomain:getDomain"
DOMAIN, ONE = "GET /dns-domain/*", "GET /dns-domain/*/record/*"
READ = ["Z", DOMAIN, ONE]


@pytest.fixture
def record(plugin: Plugin, domain: str) -> Make:
    """Makes records of the domain."""

    def make(**inputs: Any) -> Resource:
        wanted = {"domain": domain, "name": "www", "recordType": "A", "content": "192.0.2.1", **inputs}
        return plugin.create(RECORD, "name", **wanted)

    return make


def refreshed(plugin: Plugin, old: Resource) -> Resource:
    read = plugin.read(old)
    assert read is not None
    return read


def test_a_record_is_made_read_changed_and_deleted_by_the_real_calls(
    plugin: Plugin, record: Make, calls: Calls, domain: str
) -> None:
    calls.take()
    made = record(ttl=60)
    assert calls.take() == ["Z", "POST /dns-domain/*/record", "P", *READ]
    assert (made["hostname"], made["ttl"], made["prio"]) == ("www.example.org", 60, 0)
    plugin.read(made)
    assert calls.take() == ["Z", ONE, *READ]
    changed = plugin.update(made, domain=domain, name="web", recordType="A", content="192.0.2.2")
    assert calls.take() == ["Z", "PUT /dns-domain/*/record/*", "P", *READ]
    assert calls.bodies[-1] == {"name": "web", "content": "192.0.2.2", "ttl": 60}, "an empty priority is left out"
    assert changed.id == made.id
    assert (changed["hostname"], changed["contentNormalized"], changed["ttl"]) == ("web.example.org", "192.0.2.2", 60)
    plugin.delete(changed)
    assert calls.take() == ["Z", ONE, "DELETE /dns-domain/*/record/*", "P"]


def test_a_record_of_the_domain_itself_has_an_empty_name(plugin: Plugin, record: Make) -> None:
    made = record(name="")
    assert (made["name"], made["hostname"]) == ("", "example.org")
    assert not plugin.diff(made).diffs


def test_a_record_without_a_name_gets_one_of_its_own(record: Make, plugin: Plugin, domain: str) -> None:
    made = plugin.create(RECORD, "web", domain=domain, recordType="A", content="192.0.2.1")
    assert made["name"].startswith("web-")


def test_a_text_that_the_cloud_quotes_is_no_difference_until_somebody_else_changes_it(
    plugin: Plugin, record: Make, client: SandboxClient, domain: str
) -> None:
    made = record(recordType="TXT", content="hello world")
    assert (made["content"], made["contentNormalized"]) == ("hello world", '"hello world"')
    assert refreshed(plugin, made)["content"] == "hello world"
    changed = plugin.update(made, **plugin.program(made) | {"content": "bye"})
    assert (changed["content"], changed["contentNormalized"]) == ("bye", '"bye"')
    client.wait(client.update_dns_domain_record(domain_id=domain, record_id=made.id, content="theirs")["id"])
    found = refreshed(plugin, changed)
    assert (found["content"], found.inputs["content"]) == ('"theirs"', '"theirs"')
    assert list(plugin.diff(found, **plugin.program(changed)).diffs) == ["content"]


def test_what_a_record_is_made_of_is_unknown_in_a_preview_only_where_the_cloud_says_it(
    plugin: Plugin, record: Make, calls: Calls
) -> None:
    calls.take()
    planned = record(content=UNKNOWN, preview=True)
    assert {key for key, value in planned.outputs.items() if value == UNKNOWN} == {
        *("content", "contentNormalized", "hostname", "prio", "ttl")
    }
    assert calls.take() == []


@pytest.mark.parametrize("act", ["read", "delete"])
def test_a_record_that_was_deleted_by_hand_can_be_neither_refreshed_nor_deleted(
    plugin: Plugin, record: Make, client: SandboxClient, domain: str, act: str
) -> None:
    made = record()
    client.wait(client.delete_dns_domain_record(domain_id=domain, record_id=made.id)["id"])
    with pytest.raises(Refused, match=r"GetDNSDomainRecord: http response: Not Found: .* not found") as refused:
        getattr(plugin, act)(made)
    assert ("error retrieving domain record: " in refused.value.text) == (act == "delete")


def test_a_record_whose_creation_is_refused_leaves_nothing_and_says_so_in_quotes(
    plugin: Plugin, record: Make, cloud: Cloud
) -> None:
    record()
    with pytest.raises(Refused) as refused:
        record()
    said = "CreateDNSDomainRecord: http response: Bad Request: Zone record already exists"
    assert refused.value.text == f'1 error occurred:\n\t* error creating domain record: "{said}"\n\n'
    assert refused.value.partial is None
    with pytest.raises(Refused, match=r"Not Found: Dns domain .* not found"):
        record(domain=NOWHERE)


def test_a_record_whose_first_read_fails_is_saved(record: Make, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("get-dns-domain", "status", status=403))
    with pytest.raises(Refused, match="error retrieving domain: GetDNSDomain: http response: Forbidden") as refused:
        record()
    assert (refused.value.saved["content"], refused.value.saved["hostname"]) == ("192.0.2.1", None)


@pytest.mark.parametrize("act", ["update", "delete"])
def test_a_failed_operation_says_what_it_was_for(plugin: Plugin, record: Make, cloud: Cloud, act: str) -> None:
    made = record()
    cloud.faults.arm(Fault(f"{act}-dns-domain-record", "failure", message="not now"))
    doing = {"update": "updating", "delete": "deleting"}[act]
    with pytest.raises(Refused, match=f"error {doing} domain record: operation: .*not now"):
        getattr(plugin, act)(made)


def test_a_record_is_imported_by_its_id_alone(plugin: Plugin, record: Make, domain: str) -> None:
    made = record(recordType="TXT", content="hello")
    found = refreshed(plugin, Resource(RECORD, "name", {}, made.id))
    assert (found["domain"], found["content"], found["hostname"]) == (domain, '"hello"', "www.example.org")
    assert plugin.read(Resource(RECORD, "name", {}, NOWHERE)) is None


def test_a_type_that_there_is_not_is_refused_before_any_call(plugin: Plugin, domain: str) -> None:
    wanted = {"domain": domain, "name": "www", "content": "192.0.2.1"}
    assert plugin.refusals(RECORD, "r", **wanted, recordType="a") == []
    (why,) = plugin.refusals(RECORD, "r", **wanted, recordType="PTR")
    assert why.startswith('expected record_type to be one of ["A" "AAAA" ')
    assert why.endswith("got PTR. Examine values at 'r.recordType'.")
    assert len(plugin.refusals(RECORD, "r", name="www")) == 3


def test_a_domain_is_found_by_its_name_or_id(plugin: Plugin, domain: str, calls: Calls) -> None:
    calls.take()
    for name in ("example.org", domain):
        assert plugin.invoke(GET_DOMAIN, name=name) == ({"id": domain, "name": "example.org"}, [])
        assert calls.take() == ["Z", "GET /dns-domain"]


def test_a_domain_that_the_account_does_not_hold_is_an_error(plugin: Plugin, domain: str, cloud: Cloud) -> None:
    with pytest.raises(Refused) as refused:
        plugin.invoke(GET_DOMAIN, name="acme.org")
    said = 'error retrieving domain: "acme.org" not found in ListDNSDomainsResponse: Not Found'
    assert refused.value.text == f"invoking {GET_DOMAIN}: 1 error occurred:\n\t* {said}\n\n"
    cloud.faults.arm(Fault("list-dns-domains", "status", status=403))
    with pytest.raises(Refused, match="error retrieving domain list: ListDNSDomains: http response: Forbidden"):
        plugin.invoke(GET_DOMAIN, name="example.org")


def test_a_function_without_its_argument_or_that_there_is_not_is_refused(plugin: Plugin) -> None:
    found, (why,) = plugin.invoke(GET_DOMAIN)
    assert (found, '"name" is required' in why) == ({}, True)
    with pytest.raises(Refused, match="unknown function exoscale:index/getNlb:getNlb"):
        plugin.invoke("exoscale:index/getNlb:getNlb")
