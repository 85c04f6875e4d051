"""The stack's names in a DNS domain: made, mended and deleted by their ids alone, and nobody else's are touched."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from components.teardown import dns_records, steps
from components.teardown.changes import Chosen
from components.teardown.cloud.account import Account, Document
from components.teardown.cloud.survey import Accounts
from components.teardown.dns_records import Wanted
from components.teardown.errors import TeardownError
from tests.teardown.paper import SUBJECT, ZONE
from tests.teardown.test_changes import CHOSEN
from tests.teardown.world import World

NAME = "exoscale-sks-dev"
WANTED = Wanted("example.org", (NAME, f"*.{NAME}"), "198.51.100.7", 300)
EXOSCALES = ("SOA", "NS")


@pytest.fixture
def account(everywhere: Accounts) -> Account:
    return everywhere[ZONE]


@pytest.fixture
def domain(world: World) -> str:
    return world.make("create_dns_domain", unicode_name="example.org")


@pytest.fixture
def record(world: World, domain: str) -> Callable[..., str]:
    """Somebody makes a record by hand; its id."""

    def make(name: str = NAME, content: str = "203.0.113.9", type: str = "A") -> str:
        return world.make("create_dns_domain_record", domain_id=domain, name=name, type=type, content=content)

    return make


def shown(world: World, domain: str) -> dict[str, tuple[str, int]]:
    """Content and time to live by name, Exoscale's own records aside."""
    found: list[Document] = world.client().list_dns_domain_records(domain_id=domain)["dns-domain-records"]
    return {one["name"]: (one["content"], one["ttl"]) for one in found if one["type"] not in EXOSCALES}


def test_a_stack_gets_its_name_and_all_below_it(world: World, account: Account, domain: str, said: list[str]) -> None:
    made = dns_records.make(account, WANTED, {}, said.append)

    assert made.keys() == {*WANTED.names}
    assert shown(world, domain) == dict.fromkeys(WANTED.names, ("198.51.100.7", 300))
    assert said == [f"made record {name}.example.org of 198.51.100.7" for name in WANTED.names]


def test_another_address_changes_the_same_records(world: World, account: Account, domain: str, said: list[str]) -> None:
    made = dns_records.make(account, WANTED, {}, said.append)
    again = dns_records.make(account, replace(WANTED, address="198.51.100.8"), made, said.append)

    assert again == made
    assert shown(world, domain) == dict.fromkeys(WANTED.names, ("198.51.100.8", 300))


def test_records_that_are_as_they_have_to_be_are_left_as_they_are(
    world: World, account: Account, domain: str, said: list[str]
) -> None:
    made = dns_records.make(account, WANTED, {}, said.append)
    before, said[:] = world.client().list_dns_domain_records(domain_id=domain), []

    assert dns_records.make(account, WANTED, made, said.append) == made
    assert world.client().list_dns_domain_records(domain_id=domain) == before
    assert said == []


def test_what_an_interrupted_up_made_is_adopted(
    world: World, account: Account, domain: str, said: list[str], record: Callable[..., str]
) -> None:
    lost = record(content="198.51.100.7")

    assert dns_records.make(account, WANTED, {}, said.append)[NAME] == lost
    assert shown(world, domain) == dict.fromkeys(WANTED.names, ("198.51.100.7", 300))


@pytest.mark.usefixtures("domain")
@pytest.mark.parametrize("name", WANTED.names)
@pytest.mark.parametrize(("type_", "content"), [("A", "203.0.113.9"), ("CNAME", "www.example.org")])
def test_a_name_that_somebody_else_uses_is_refused_before_anything_is_made(
    account: Account, said: list[str], record: Callable[..., str], name: str, type_: str, content: str
) -> None:
    record(name, content, type_)
    line = f"{name}.example.org has a record that is not this stack's: {type_} {content}. Next: "

    assert dns_records.refused(account, WANTED).startswith(line)
    with pytest.raises(TeardownError) as refusal:
        dns_records.make(account, WANTED, {}, said.append)
    assert str(refusal.value).startswith(line)
    assert "\n" not in str(refusal.value)
    assert said == []


@pytest.mark.usefixtures("domain")
def test_a_text_of_the_same_name_is_in_nobodys_way(account: Account, record: Callable[..., str]) -> None:
    record(content="v=spf1 -all", type="TXT")

    assert dns_records.refused(account, WANTED) == ""


def test_a_domain_of_other_letters_is_found_by_its_name_in_ascii(world: World, account: Account) -> None:
    world.make("create_dns_domain", unicode_name="xn--zrich-kva.example")

    assert dns_records.refused(account, replace(WANTED, domain="xn--zrich-kva.example")) == ""


@pytest.mark.parametrize(("held", "allowed"), [(["acme.org", "shop.org"], "acme.org, shop.org"), ([], "none, for it")])
def test_a_domain_of_another_is_refused_with_those_that_the_organisation_holds(
    world: World, account: Account, held: list[str], allowed: str
) -> None:
    for name in held:
        world.make("create_dns_domain", unicode_name=name)

    line = dns_records.refused(account, WANTED)
    assert line.startswith("dns.domain is example.org, which organisation ")
    assert f" does not hold; allowed: {allowed}" in line
    with pytest.raises(TeardownError, match=r"dns\.domain is example\.org"):
        dns_records.make(account, WANTED, {}, print)


def test_a_destroy_deletes_the_stacks_records_and_no_others(
    world: World, account: Account, domain: str, said: list[str], record: Callable[..., str]
) -> None:
    made = dns_records.make(account, WANTED, {}, said.append)
    record("www", "198.51.100.7")
    dns_records.remove(account, "example.org", made, said.append)

    assert shown(world, domain) == {"www": ("198.51.100.7", 3600)}


def test_a_record_or_a_domain_that_is_gone_holds_no_destroy_up(
    world: World, account: Account, domain: str, said: list[str]
) -> None:
    made = dns_records.make(account, WANTED, {}, said.append)
    world.make("delete_dns_domain_record", domain_id=domain, record_id=made[NAME])
    dns_records.remove(account, "example.org", made, said.append)
    assert shown(world, domain) == {}

    world.make("delete_dns_domain", id=domain)
    dns_records.remove(account, "example.org", made, said.append)


def test_what_somebody_deleted_or_changed_is_made_good(
    world: World, account: Account, domain: str, said: list[str]
) -> None:
    made = dns_records.make(account, WANTED, {}, said.append)
    assert dns_records.amiss(account, WANTED, made) == []

    world.make("delete_dns_domain_record", domain_id=domain, record_id=made[NAME])
    world.make("update_dns_domain_record", domain_id=domain, record_id=made[f"*.{NAME}"], content="203.0.113.9")
    assert dns_records.amiss(account, WANTED, made) == [*WANTED.names]

    again = dns_records.make(account, WANTED, made, said.append)
    assert (again[NAME] != made[NAME], again[f"*.{NAME}"]) == (True, made[f"*.{NAME}"])
    assert shown(world, domain) == dict.fromkeys(WANTED.names, ("198.51.100.7", 300))


def test_a_preview_without_a_good_key_refuses_and_mends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise TeardownError("Exoscale refuses the API key EXO1")

    monkeypatch.setattr("components.teardown.dns_names.connect", refused)
    monkeypatch.setattr("components.teardown.subject.accounts", refused)
    assert steps.refused_records(SUBJECT, WANTED) == ""
    assert steps.changed_records(SUBJECT, WANTED, {}) == []


def test_a_dns_that_does_not_answer_at_the_end_of_a_destroy_is_said_and_holds_up_no_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise TeardownError("Exoscale refuses list-dns-domains")

    monkeypatch.setattr("components.teardown.subject.accounts", refused)
    [line] = steps.left_records(SUBJECT, WANTED)
    assert NAME in line
    assert line.endswith("Exoscale refuses list-dns-domains")


def test_only_a_stack_with_a_domain_records_one() -> None:
    named = replace(CHOSEN, domain="example.org")

    assert "domain" not in CHOSEN.inputs()
    assert Chosen.of(named.zone, named.inputs()) == named


@pytest.mark.usefixtures("domain")
def test_what_is_left_under_the_stacks_name_is_named_and_stays(account: Account, record: Callable[..., str]) -> None:
    record(content="198.51.100.7")
    record("www", "198.51.100.7")

    [line] = dns_records.left(account, WANTED)
    assert line.startswith(f"record {NAME}.example.org of 198.51.100.7 stays: ")
    assert dns_records.left(account, replace(WANTED, domain="example.com")) == []
