"""Instance pools of one's own, seen by the official client."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.instance_pool_bench import TEMPLATE, Pools
from tests.sandbox.sks_bench import MEDIUM, NOWHERE, SMALL, busy, refused

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM1K8AR17jsr6Pva7hLphqCykM2luqm6bIS7X/vktB42"


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Pools:
    return Pools(cloud, client)


def ids(instances: list[dict[str, Any]]) -> list[str]:
    return [instance["id"] for instance in instances]


def test_a_pool_runs_with_its_instances_and_belongs_to_nobody(bench: Pools) -> None:
    started = bench.new_pool(description="d", labels={"a": "b"}, user_data="Iw==", min_available=1)
    pool_id = started["reference"]["id"]
    assert bench.shown_pool(pool_id)["state"] == "creating"
    assert [instance["state"] for instance in bench.instances(pool_id)] == ["starting"] * 2
    bench.done(started)
    pool = bench.shown_pool(pool_id)
    assert "manager" not in pool
    assert (pool["name"], pool["state"], pool["size"], pool["instance-prefix"]) == ("web", "running", 2, "pool")
    assert (pool["description"], pool["labels"], pool["user-data"], pool["min-available"]) == (
        "d",
        {"a": "b"},
        "Iw==",
        1,
    )
    assert pool["instances"] == [{"id": id_} for id_ in ids(bench.instances(pool_id))]
    assert [instance["state"] for instance in bench.instances(pool_id)] == ["running"] * 2
    assert bench.client.list_instance_pools()["instance-pools"] == [pool]


def test_its_instances_have_what_the_pool_says(bench: Pools) -> None:
    firewall = {"id": bench.done(bench.client.create_security_group(name="f"))}
    spread = {"id": bench.done(bench.client.create_anti_affinity_group(name="g"))}
    elastic = {"id": bench.done(bench.client.create_elastic_ip(description="e"))}
    network = {"id": bench.done(bench.client.create_private_network(name="n"))}
    bench.client.register_ssh_key(name="me", public_key=ED25519)
    instance = bench.member(
        instance_prefix="web",
        instance_type=MEDIUM,
        disk_size=30,
        security_groups=[firewall],
        anti_affinity_groups=[spread],
        elastic_ips=[elastic],
        private_networks=[network],
        ssh_key={"name": "me"},
        user_data="Iw==",
    )
    assert instance["name"].startswith("web-")
    assert (instance["instance-type"], instance["disk-size"], instance["template"]) == (MEDIUM, 30, TEMPLATE)
    assert (instance["security-groups"], instance["anti-affinity-groups"]) == ([firewall], [spread])
    assert (instance["elastic-ips"], ids(instance["private-networks"])) == ([elastic], [network["id"]])
    assert (instance["ssh-key"], instance["user-data"]) == ({"name": "me"}, "Iw==")


def test_a_pool_makes_instances_without_what_was_deleted_since(bench: Pools) -> None:
    elastic = bench.done(bench.client.create_elastic_ip(description="e"))
    network = bench.done(bench.client.create_private_network(name="n"))
    pool = bench.pool(size=1, elastic_ips=[{"id": elastic}], private_networks=[{"id": network}])
    bench.done(bench.client.scale_instance_pool(id=pool["id"], size=0))
    bench.done(bench.client.delete_elastic_ip(id=elastic))
    bench.done(bench.client.delete_private_network(id=network))
    bench.done(bench.client.scale_instance_pool(id=pool["id"], size=1))
    (instance,) = bench.instances(pool["id"])
    assert instance.get("elastic-ips", []) + instance["private-networks"] == []


def test_ipv6_is_asked_for_in_two_ways_and_shown_in_both(bench: Pools) -> None:
    for asked in ({"ipv6_enabled": True}, {"public_ip_assignment": "dual"}):
        pool = bench.pool(size=1, **asked)
        assert (pool["ipv6-enabled"], pool["public-ip-assignment"]) == (True, "dual")
        (instance,) = bench.instances(pool["id"])
        assert ip_address(instance["ipv6-address"]) in ip_network("2001:db8::/32")
    bench.done(bench.client.update_instance_pool(id=pool["id"], ipv6_enabled=False))
    assert bench.shown_pool(pool["id"])["public-ip-assignment"] == "inet4"


def test_instances_can_be_without_a_public_address(bench: Pools) -> None:
    pool = bench.pool(size=1, public_ip_assignment="none")
    (instance,) = bench.instances(pool["id"])
    assert "public-ip" not in instance
    assert pool["ipv6-enabled"] is False
    assert bench.service(bench.balancer(), pool["id"])["healthcheck-status"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"template": {"id": NOWHERE}},
        {"instance_type": {"id": NOWHERE}},
        {"ssh_key": {"name": "nobody"}},
        {"ssh_keys": [{"name": "nobody"}]},
        {"deploy_target": {"id": NOWHERE}},
        *({key: [{"id": NOWHERE}]} for key in ("elastic_ips", "private_networks", "security_groups")),
        {"anti_affinity_groups": [{"id": NOWHERE}]},
    ],
    ids=lambda body: next(iter(body)),
)
def test_a_pool_cannot_refer_to_what_is_not_there(bench: Pools, body: dict[str, Any]) -> None:
    pool = bench.pool()
    refused(lambda: bench.new_pool(**body), 404)
    refused(lambda: bench.client.update_instance_pool(id=pool["id"], **body), 404)
    assert bench.client.list_instance_pools()["instance-pools"] == [pool]


@pytest.mark.parametrize("body", [{"elastic_ips": [{}]}, {"template": {}}, {"ssh_key": {}}], ids=str)
def test_a_reference_to_nothing_is_refused(bench: Pools, body: dict[str, Any]) -> None:
    assert "a reference without" in refused(lambda: bench.new_pool(**body), 400)


def test_scaling_starts_new_instances_and_takes_the_newest_away(bench: Pools) -> None:
    pool = bench.pool()
    before = ids(bench.instances(pool["id"]))
    started = bench.client.scale_instance_pool(id=pool["id"], size=4)
    assert bench.shown_pool(pool["id"])["state"] == "scaling-up"
    bench.done(started)
    assert ids(bench.instances(pool["id"]))[:2] == before
    assert bench.shown_pool(pool["id"])["size"] == 4
    bench.done(bench.client.scale_instance_pool(id=pool["id"], size=1))
    assert ids(bench.instances(pool["id"])) == before[:1]


def test_evicting_takes_away_those_that_are_named(bench: Pools) -> None:
    pool = bench.pool()
    first, second = ids(bench.instances(pool["id"]))
    refused(lambda: bench.client.evict_instance_pool_members(id=pool["id"], instances=[NOWHERE]), 404)
    bench.done(bench.client.evict_instance_pool_members(id=pool["id"], instances=[first]))
    assert ids(bench.instances(pool["id"])) == [second]
    assert bench.shown_pool(pool["id"])["size"] == 1


def test_an_update_is_for_the_instances_to_come(bench: Pools) -> None:
    pool = bench.pool(size=1, labels={"a": "b"})
    changes = {"name": "app", "instance_type": MEDIUM, "disk_size": 50, "instance_prefix": "app", "labels": {"c": "d"}}
    started = bench.client.update_instance_pool(id=pool["id"], **changes)
    assert bench.shown_pool(pool["id"])["state"] == "updating"
    bench.done(started)
    bench.done(bench.client.scale_instance_pool(id=pool["id"], size=2))
    found = bench.shown_pool(pool["id"])
    assert (found["name"], found["disk-size"], found["labels"]) == ("app", 50, {"c": "d"})
    old, new = bench.instances(pool["id"])
    assert (old["instance-type"], old["disk-size"]) == (SMALL, 10)
    assert (new["instance-type"], new["disk-size"], new["name"][:4]) == (MEDIUM, 50, "app-")


@pytest.mark.parametrize(
    ("field", "given", "left"),
    [
        ("description", {"description": "d"}, None),
        ("labels", {"labels": {"a": "b"}}, {}),
        ("user-data", {"user_data": "Iw=="}, None),
        ("ssh-key", {"ssh_key": {"name": "me"}}, None),
        ("ipv6-enabled", {"ipv6_enabled": True}, False),
        ("elastic-ips", {}, []),
        ("security-groups", {}, []),
    ],
)
def test_a_field_can_be_reset(bench: Pools, field: str, given: dict[str, Any], left: Any) -> None:
    bench.client.register_ssh_key(name="me", public_key=ED25519)
    pool = bench.pool(**given)
    bench.done(bench.client.reset_instance_pool_field(id=pool["id"], field=field))
    assert bench.shown_pool(pool["id"]).get(field) == left


def test_an_empty_description_is_none(bench: Pools) -> None:
    pool = bench.pool(description="")
    assert "description" not in pool
    bench.done(bench.client.update_instance_pool(id=pool["id"], description="d"))
    bench.done(bench.client.update_instance_pool(id=pool["id"], description=""))
    assert "description" not in bench.shown_pool(pool["id"])


def test_a_deleted_pool_takes_its_instances_with_it(bench: Pools) -> None:
    pool = bench.pool()
    started = bench.client.delete_instance_pool(id=pool["id"])
    assert bench.shown_pool(pool["id"])["state"] == "destroying"
    bench.done(started)
    refused(lambda: bench.shown_pool(pool["id"]), 404)
    assert bench.client.list_instances() == {"instances": []}


def test_a_pool_that_a_load_balancer_targets_is_not_deleted(bench: Pools) -> None:
    pool, balancer = bench.pool(), bench.balancer()
    bench.service(balancer, pool["id"])
    message = refused(lambda: bench.client.delete_instance_pool(id=pool["id"]), 403)
    assert f"Locked by NLB {balancer}" in message


def test_its_instances_are_the_pools_to_delete(bench: Pools) -> None:
    instance = bench.member()["id"]
    assert "Locked by Instance Pool" in refused(lambda: bench.client.delete_instance(id=instance), 403)


def test_a_pool_that_changes_cannot_be_changed(bench: Pools) -> None:
    pool_id = bench.new_pool()["reference"]["id"]
    changes: list[Callable[[], Any]] = [
        lambda: bench.client.update_instance_pool(id=pool_id, name="other"),
        lambda: bench.client.scale_instance_pool(id=pool_id, size=3),
        lambda: bench.client.evict_instance_pool_members(id=pool_id, instances=[NOWHERE]),
        lambda: bench.client.reset_instance_pool_field(id=pool_id, field="labels"),
        lambda: bench.client.delete_instance_pool(id=pool_id),
    ]
    for change in changes:
        busy(change)


def test_a_pool_that_could_not_scale_says_how_many_run_and_can_be_scaled_again(bench: Pools) -> None:
    pool = bench.pool()
    bench.cloud.faults.arm(Fault("scale-instance-pool", "failure"))
    with pytest.raises(OperationEnded):
        bench.done(bench.client.scale_instance_pool(id=pool["id"], size=3))
    found = bench.shown_pool(pool["id"])
    assert (found["state"], found["size"]) == ("running", 2)
    bench.done(bench.client.scale_instance_pool(id=pool["id"], size=3))
    assert [instance["state"] for instance in bench.instances(pool["id"])] == ["running"] * 3


def test_an_anti_affinity_group_bounds_the_pool(bench: Pools) -> None:
    spread = [{"id": bench.done(bench.client.create_anti_affinity_group(name="g"))}]
    assert "at most 8 instances" in refused(lambda: bench.new_pool(size=9, anti_affinity_groups=spread), 409)
    assert bench.client.list_instance_pools() == {"instance-pools": []}


def test_a_volume_is_attached_to_an_instance_of_a_pool_and_outlives_it(bench: Pools) -> None:
    pool = bench.pool(size=1)
    (instance,) = bench.instances(pool["id"])
    volume = bench.done(bench.client.create_block_storage_volume(name="data"))
    attach = bench.client.attach_block_storage_volume_to_instance
    bench.done(attach(id=volume, instance={"id": instance["id"]}))
    bench.done(bench.client.delete_instance_pool(id=pool["id"]))
    assert bench.client.get_block_storage_volume(id=volume)["state"] == "detached"
