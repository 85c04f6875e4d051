"""Private networks, seen by the official client."""

from typing import Any

import pytest

from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.instance_pool_bench import Pools
from tests.sandbox.sks_bench import NOWHERE, refused

RANGE = {"start_ip": "10.0.0.10", "end_ip": "10.0.0.12", "netmask": "255.255.255.0"}  # three addresses


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Pools:
    return Pools(cloud, client)


def network(bench: Pools, **body: Any) -> str:
    return bench.done(bench.client.create_private_network(name="lan", **body))


def shown(bench: Pools, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = bench.client.get_private_network(id=id_)
    return found


def leases(bench: Pools, id_: str) -> dict[str, str]:
    return {lease["instance-id"]: lease["ip"] for lease in shown(bench, id_).get("leases", [])}


def test_a_network_echoes_what_it_was_made_of(bench: Pools) -> None:
    plain = shown(bench, network(bench))
    assert plain == {"id": plain["id"], "name": "lan"}
    options = {"dns-servers": ["10.0.0.1"], "domain-search": ["example.org"]}
    managed = shown(bench, network(bench, **RANGE, description="d", labels={"a": "b"}, options=options))
    assert managed == {
        **{"id": managed["id"], "name": "lan", "description": "d", "labels": {"a": "b"}, "options": options},
        **{"start-ip": "10.0.0.10", "end-ip": "10.0.0.12", "netmask": "255.255.255.0"},
    }
    assert bench.client.list_private_networks()["private-networks"] == [plain, managed]


def test_a_network_can_be_changed_and_its_labels_reset(bench: Pools) -> None:
    id_ = network(bench, **RANGE, labels={"a": "b"})
    bench.done(bench.client.update_private_network(id=id_, name="wan", start_ip="10.0.0.1", netmask="255.0.0.0"))
    found = shown(bench, id_)
    assert (found["name"], found["start-ip"], found["end-ip"]) == ("wan", "10.0.0.1", "10.0.0.12")
    bench.done(bench.client.reset_private_network_field(id=id_, field="labels"))
    assert "labels" not in shown(bench, id_)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"end_ip": "10.0.0.9"}, "must come after"),
        ({"end_ip": "10.0.1.12"}, "must come after start-ip 10.0.0.10, in 10.0.0.0/24"),
        ({"netmask": "255.0.255.0"}, "is not a netmask"),
    ],
)
def test_a_range_that_is_none_is_refused(bench: Pools, change: dict[str, str], why: str) -> None:
    id_ = network(bench, **RANGE)
    assert why in refused(lambda: bench.client.create_private_network(name="lan", **{**RANGE, **change}), 400)
    assert why in refused(lambda: bench.client.update_private_network(id=id_, **change), 400)


@pytest.mark.parametrize("left_out", RANGE)
def test_half_a_range_is_refused(bench: Pools, left_out: str) -> None:
    half = {key: value for key, value in RANGE.items() if key != left_out}
    assert "is missing" in refused(lambda: bench.client.create_private_network(name="lan", **half), 400)


def test_an_instance_of_a_managed_network_leases_an_address(bench: Pools) -> None:
    id_, instance = network(bench, **RANGE), bench.member()["id"]
    bench.done(bench.client.attach_instance_to_private_network(id=id_, instance={"id": instance}))
    assert leases(bench, id_) == {instance: "10.0.0.10"}
    assert [item["id"] for item in bench.instance(instance)["private-networks"]] == [id_]
    bench.done(bench.client.detach_instance_from_private_network(id=id_, instance={"id": instance}))
    assert leases(bench, id_) == {}
    assert bench.instance(instance)["private-networks"] == []


def test_an_instance_of_a_plain_network_leases_nothing(bench: Pools) -> None:
    id_, instance = network(bench), {"id": bench.member()["id"]}
    message = refused(
        lambda: bench.client.attach_instance_to_private_network(id=id_, instance=instance, ip="10.0.0.1"), 400
    )
    assert "not managed" in message
    bench.done(bench.client.attach_instance_to_private_network(id=id_, instance=instance))
    assert leases(bench, id_) == {}


def test_an_instance_can_ask_for_its_address_and_for_another_one(bench: Pools) -> None:
    id_, (one, other) = network(bench, **RANGE), [item["id"] for item in bench.instances(bench.pool()["id"])]

    def attach(instance: str, **ip: str) -> Any:
        return bench.client.attach_instance_to_private_network(id=id_, instance={"id": instance}, **ip)

    def move(instance: str, **ip: str) -> Any:
        return bench.client.update_private_network_instance_ip(id=id_, instance={"id": instance}, **ip)

    assert "is not in 10.0.0.0/24" in refused(lambda: attach(one, ip="10.9.0.1"), 400)
    bench.done(attach(one, ip="10.0.0.200"))
    assert "already in use" in refused(lambda: attach(other, ip="10.0.0.200"), 409)
    bench.done(attach(other))
    assert leases(bench, id_) == {one: "10.0.0.200", other: "10.0.0.10"}
    refused(lambda: move(one, ip="10.0.0.10"), 409)
    bench.done(move(one, ip="10.0.0.200"))
    bench.done(move(other, ip="10.0.0.11"))
    assert leases(bench, id_) == {one: "10.0.0.200", other: "10.0.0.11"}


def test_a_network_that_an_instance_is_in_is_not_deleted(bench: Pools) -> None:
    id_, instance = network(bench), {"id": bench.member()["id"]}
    bench.done(bench.client.attach_instance_to_private_network(id=id_, instance=instance))
    refused(lambda: bench.client.attach_instance_to_private_network(id=id_, instance=instance), 409)
    assert "in use by virtual machines" in refused(lambda: bench.client.delete_private_network(id=id_), 409)
    bench.done(bench.client.detach_instance_from_private_network(id=id_, instance=instance))
    refused(lambda: bench.client.detach_instance_from_private_network(id=id_, instance=instance), 409)
    bench.done(bench.client.delete_private_network(id=id_))
    refused(lambda: shown(bench, id_), 404)


def test_nodes_are_in_the_network_of_their_nodepool_until_they_are_gone(bench: Pools) -> None:
    id_, cluster = network(bench, **RANGE), bench.cluster()
    nodepool = bench.nodepool(cluster, private_networks=[{"id": id_}])
    nodes = [item["id"] for item in bench.instances(nodepool["instance-pool"]["id"])]
    assert nodepool["private-networks"] == [{"id": id_}]
    assert leases(bench, id_) == dict(zip(nodes, ("10.0.0.10", "10.0.0.11"), strict=True))
    refused(lambda: bench.client.delete_private_network(id=id_), 409)
    bench.done(bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"]))
    assert leases(bench, id_) == {}
    bench.done(bench.client.delete_private_network(id=id_))


def test_a_pool_does_not_outgrow_the_range_of_its_network(bench: Pools) -> None:
    id_ = network(bench, **RANGE)
    refused(lambda: bench.new_pool(size=4, private_networks=[{"id": id_}]), 409)
    assert bench.client.list_instances() == {"instances": []}
    pool = bench.pool(size=3, private_networks=[{"id": id_}])
    message = refused(lambda: bench.client.scale_instance_pool(id=pool["id"], size=4), 409)
    assert "no free address left in its range" in message
    single = bench.member()["id"]
    refused(lambda: bench.client.attach_instance_to_private_network(id=id_, instance={"id": single}), 409)
    assert bench.instance(single)["private-networks"] == []


def test_a_network_of_another_zone_is_not_there(bench: Pools, connected: Any) -> None:
    id_ = bench.done(bench.client.create_private_network(name="lan"))
    elsewhere = connected(zone="de-fra-1")
    refused(lambda: elsewhere.get_private_network(id=id_), 404)
    refused(lambda: bench.new_pool(private_networks=[{"id": NOWHERE}]), 404)


def test_a_failed_attachment_or_detachment_leaves_things_as_they_were(bench: Pools) -> None:
    id_, instance = network(bench, **RANGE), bench.member()["id"]

    def fails(change: Any, **more: str) -> None:
        bench.cloud.faults.arm(Fault(change.__name__.replace("_", "-"), "failure"))
        with pytest.raises(OperationEnded):
            bench.done(change(id=id_, instance={"id": instance}, **more))

    fails(bench.client.attach_instance_to_private_network)
    assert leases(bench, id_) == {}
    bench.done(bench.client.attach_instance_to_private_network(id=id_, instance={"id": instance}, ip="10.0.0.99"))
    fails(bench.client.update_private_network_instance_ip, ip="10.0.0.10")
    fails(bench.client.detach_instance_from_private_network)
    assert leases(bench, id_) == {instance: "10.0.0.99"}
    assert [item["id"] for item in bench.instance(instance)["private-networks"]] == [id_]
