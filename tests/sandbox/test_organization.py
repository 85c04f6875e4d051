"""Organisations: each key sees and changes what belongs to its own, and nothing else.

What is asked follows from the handlers that there are, so that a kind that is added later is asked for too.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.api import address
from sandbox.api.openapi import official
from sandbox.api.organization import new_key
from sandbox.api.routes import HANDLERS
from sandbox.api.server import ApiServer
from sandbox.client import OperationEnded, SandboxClient, connect
from sandbox.clock import Clock, Ids
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from sandbox.operations import EFFECTS, Effects
from sandbox.store import Document
from tests.sandbox.block_storage_bench import Store as Bench
from tests.sandbox.conftest import KEY, POLL_SECONDS
from tests.sandbox.organization_bench import BODIES, Account
from tests.sandbox.sks_bench import NOWHERE, refused

OURS, THEIRS = "sandbox", "acme"
ZONE = "ch-gva-2"
Connect = Callable[..., SandboxClient]

OFFERS = ("sandbox.api.catalogue", "sandbox.api.quota")  # whose answers are lists of names, not of objects
SHARED = {id_ for id_, handler in HANDLERS.items() if handler.__module__ in OFFERS}
OWN = HANDLERS.keys() - SHARED
ON_OBJECTS = sorted(id_ for id_ in OWN if {"id", "domain-id"} & set(official().operations[id_].names))
LISTS = sorted(id_ for id_ in OWN if id_.startswith("list-") and id_ not in ON_OBJECTS)
BY_NAME = sorted(id_ for id_ in OWN if "{name}" in official().operations[id_].template)
MAKING = sorted(id_ for id_ in OWN if id_.startswith(("create-", "add-", "register-")))
AT_ONCE = {"create-api-key"}  # makes without an operation
OTHERS = {"get-iam-organization-policy", "get-organization"}


def by_id(row: Document) -> str:
    return str(row["id"])


# What tells the rows of a list apart, where they have no id.
IDENTITY: dict[str, Callable[[Document], str]] = {
    "list-api-keys": lambda row: str(row["key"]),
    "list-ssh-keys": lambda row: str(row["name"]),
}


@pytest.fixture(scope="module")
def accounts() -> Iterator[dict[str, Account]]:
    """Two organisations of one cloud, with the same things of the same names. No test changes them."""
    cloud = Cloud(clock=Clock(0), ids=Ids(1))
    pairs = {name: new_key(cloud, "person", name) for name in (OURS, THEIRS)}
    with ApiServer(cloud, "the-token") as api:
        clients = {name: connect(api.url, *pair, ZONE, poll_seconds=POLL_SECONDS) for name, pair in pairs.items()}
        made = {name: Account(cloud, client, name) for name, client in clients.items()}
        yield made
        for client in clients.values():
            client.http_client.close()


@pytest.fixture(params=[(OURS, THEIRS), (THEIRS, OURS)], ids=" and ".join)
def neighbours(request: pytest.FixtureRequest, accounts: dict[str, Account]) -> tuple[Account, Account]:
    """Who asks, and whose things they are."""
    asking, owning = request.param
    return accounts[asking], accounts[owning]


def references() -> list[tuple[str, str]]:
    """Each property of a body that names an object of a kind that somebody has, by its operation."""
    found = []
    for id_ in sorted(OWN):
        body = (
            official().operations[id_].definition.get("requestBody", {"content": {"application/json": {"schema": {}}}})
        )
        names = body["content"]["application/json"]["schema"].get("properties", {})
        found += [(id_, name) for name in names if f"get-{name.removesuffix('s')}" in OWN]
    return found


# --- nobody sees or changes what belongs to another


def test_every_operation_is_asked_for_here() -> None:
    assert {*LISTS, *ON_OBJECTS, *BY_NAME, *MAKING, *OTHERS} == OWN
    assert all(id_.startswith(("list-", "get-")) for id_ in SHARED)


def test_every_kind_that_can_be_made_was_made(accounts: dict[str, Account]) -> None:
    for account in accounts.values():
        assert set(MAKING) - AT_ONCE <= {item["_operation"] for item in account.view.store.list("operation")}


def test_an_organisation_is_told_its_id_and_name_and_no_others(neighbours: tuple[Account, Account]) -> None:
    own, other = (account.client.get_organization() for account in neighbours)
    assert {own["name"], other["name"]} == {OURS, THEIRS}
    assert own["id"] != other["id"]


@pytest.mark.parametrize("operation_id", LISTS)
def test_a_list_holds_what_belongs_to_the_keys_organisation(
    neighbours: tuple[Account, Account], operation_id: str
) -> None:
    for account in neighbours:
        (rows,) = account.call(operation_id, {}).values()
        assert rows
        assert {IDENTITY.get(operation_id, by_id)(row) for row in rows} <= account.owns()


def test_a_list_is_not_opened_by_asking_for_what_belongs_to_a_neighbours_object(
    neighbours: tuple[Account, Account],
) -> None:
    asking, owning = neighbours
    pool, instance = owning.ids["instance-pool"], owning.ids["instance"]
    assert owning.instances(pool) != []
    assert asking.instances(pool) == []
    assert owning.client.list_block_storage_volumes(instance_id=instance)["block-storage-volumes"] != []
    assert asking.client.list_block_storage_volumes(instance_id=instance)["block-storage-volumes"] == []


@pytest.mark.parametrize("operation_id", ON_OBJECTS)
def test_a_neighbours_object_is_not_found_and_not_changed(
    neighbours: tuple[Account, Account], operation_id: str
) -> None:
    asking, owning = neighbours
    path, before = owning.path(operation_id), owning.holds()
    id_ = path.get("id") or path["domain-id"]
    assert id_ in owning.owns()
    message = refused(lambda: asking.call(operation_id, {**path, **BODIES.get(operation_id, {})}), 404)
    assert message.endswith(f" {id_} not found")
    assert owning.holds() == before


@pytest.mark.parametrize("operation_id", BY_NAME)
def test_a_neighbours_name_is_not_found_and_nothing_changed(
    neighbours: tuple[Account, Account], operation_id: str
) -> None:
    asking, owning = neighbours
    name, before = owning.ids["ssh-key"], owning.holds()
    assert refused(lambda: asking.call(operation_id, {"name": name}), 404).endswith(f" {name} not found")
    assert owning.holds() == before


@pytest.mark.parametrize(("operation_id", "name"), references())
def test_a_neighbours_object_cannot_be_named_by_ones_own(
    neighbours: tuple[Account, Account], operation_id: str, name: str
) -> None:
    asking, owning = neighbours
    operation = official().operations[operation_id]
    schema = operation.definition["requestBody"]["content"]["application/json"]["schema"]["properties"][name]
    named: Any = owning.ids[name.removesuffix("s")]
    if schema.get("items", schema).get("type") != "string":
        named = {"name" if name.startswith("ssh-key") else "id": named}
    body = {**BODIES.get(operation_id, {}), name: [named] if "items" in schema else named}
    path = asking.path(operation_id) if "{id}" in operation.template else {}
    before = [account.holds() for account in neighbours]
    if operation.template.startswith("/instance-pool/"):
        refused(lambda: asking.call(operation_id, {**path, **body}), 403)  # its nodepool alone may change it
    else:
        assert owning.ids[name.removesuffix("s")] in refused(lambda: asking.call(operation_id, {**path, **body}), 404)
    assert [account.holds() for account in neighbours] == before


def test_what_exoscale_offers_is_the_same_for_everybody(accounts: dict[str, Account]) -> None:
    ours, theirs = accounts.values()
    for operation_id in ("list-zones", "list-instance-types", "list-templates", "list-sks-cluster-versions"):
        assert ours.call(operation_id, {}) == theirs.call(operation_id, {})


def test_quotas_count_what_the_organisation_has(cloud: Cloud, connected: Connect) -> None:
    cloud.store.put("instance", {"id": NOWHERE})
    theirs = connected(*new_key(cloud, "person", THEIRS))
    assert connected().get_quota(entity="instance")["usage"] == 1
    assert theirs.get_quota(entity="instance")["usage"] == 0


# --- names, the default group, addresses and keys of clusters


def test_names_are_taken_within_an_organisation_only(cloud: Cloud, connected: Connect) -> None:
    for client in (connected(), connected(*new_key(cloud, "person", THEIRS))):
        makes = (client.create_security_group, client.create_anti_affinity_group, client.create_load_balancer)
        for make in makes:
            client.wait(make(name="web")["id"])
        for make in makes:
            refused(lambda make=make: make(name="web"), 409)  # type: ignore[misc]


def test_each_organisation_has_a_default_security_group_of_its_own(accounts: dict[str, Account]) -> None:
    worn = set()
    for account in accounts.values():
        groups = account.client.list_security_groups()["security-groups"]
        (default,) = [group["id"] for group in groups if group["name"] == "default"]
        assert account.client.get_instance(id=account.ids["instance"])["security-groups"] == [{"id": default}]
        worn.add(default)
    assert len(worn) == 2


def test_an_address_is_given_to_one_organisation_only(
    cloud: Cloud, client: SandboxClient, settle: Callable[[Document], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "LOAD_BALANCERS", ("203.0.113.0/30",))  # two hosts
    theirs = cloud.of(cloud.store.organization(THEIRS))
    theirs.store.put("load-balancer", {"id": NOWHERE, "ip": "203.0.113.1", "_zone": ZONE})
    id_ = settle(client.create_load_balancer(name="nlb"))
    assert client.get_load_balancer(id=id_)["ip"] == "203.0.113.2"
    assert "no free address" in refused(lambda: client.create_load_balancer(name="one-more"), 409)


@pytest.mark.parametrize("part", ["ccm", "csi"])
def test_the_controllers_of_a_cluster_have_keys_of_the_clusters_organisation(
    neighbours: tuple[Account, Account], connected: Connect, part: str
) -> None:
    own, other = neighbours
    name = f"sks-{part}-{own.cluster_id}"
    (key,) = [item for item in own.view.store.list("api-key") if item["name"] == name]
    url = own.client.endpoint.partition("/zone/")[0]
    controller = connect(url, key["key"], key["_secret"], ZONE)
    assert controller.get_organization() == own.client.get_organization()
    assert [item["id"] for item in controller.list_load_balancers()["load-balancers"]] == [own.ids["load-balancer"]]
    refused(lambda: controller.delete_load_balancer(id=other.ids["load-balancer"]), 404)
    controller.http_client.close()


def test_rotated_keys_stay_in_the_clusters_organisation(cloud: Cloud, connected: Connect) -> None:
    bench = Bench(cloud, connected(*new_key(cloud, "person", THEIRS)))
    view = cloud.of(cloud.store.organization(THEIRS))
    before = view.store.list("api-key")
    bench.done(bench.client.rotate_sks_ccm_credentials(id=bench.cluster_id))
    after = view.store.list("api-key")
    assert [key["name"] for key in after] == [key["name"] for key in before]
    assert after != before
    assert [key["id"] for key in cloud.store.of(cloud.store.default_organization).list("api-key")] == [KEY]


# --- the store, which decides it


def test_an_organisation_cannot_overwrite_or_delete_what_another_has(cloud: Cloud) -> None:
    group = {"id": NOWHERE, "name": "apart"}
    cloud.store.put("anti-affinity-group", group)
    theirs = cloud.of(cloud.store.organization(THEIRS)).store
    theirs.delete("anti-affinity-group", NOWHERE)
    with pytest.raises(PermissionError, match=f"anti-affinity-group {NOWHERE} belongs to another"):
        theirs.put("anti-affinity-group", {**group, "name": "taken"})
    assert (cloud.store.get("anti-affinity-group", NOWHERE) or {})["name"] == "apart"


def test_a_view_is_no_copy(cloud: Cloud) -> None:
    theirs = cloud.of(cloud.store.organization(THEIRS)).store
    cloud.of(cloud.store.organization(THEIRS)).store.put("instance", {"id": NOWHERE})
    assert [item["id"] for item in theirs.list("instance")] == [NOWHERE]


@pytest.mark.parametrize("stage", ["work", "finish", "failed"])
def test_what_goes_on_in_the_background_is_done_for_the_organisation_that_asked(
    cloud: Cloud, connected: Connect, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    seen: list[Document] = []
    effects = Effects(**{stage: lambda cloud, operation: seen.extend(cloud.store.list("organization"))})
    monkeypatch.setitem(EFFECTS, "create-anti-affinity-group", effects)
    theirs = connected(*new_key(cloud, "person", THEIRS))
    if stage == "failed":
        cloud.faults.arm(Fault("create-anti-affinity-group", "failure"))
    with contextlib.suppress(OperationEnded):
        theirs.wait(theirs.create_anti_affinity_group(name="apart")["id"])
    assert [organization["name"] for organization in seen] == [THEIRS]
