"""Instance pools and instances behind a nodepool, seen by the official client."""

import re
from ipaddress import ip_address, ip_network

import pytest

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.sks_bench import SMALL, Bench

DOCUMENTATION = [ip_network("192.0.2.0/24"), ip_network("198.51.100.0/24")]


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Bench:
    return Bench(cloud, client)


def default_group(bench: Bench) -> dict[str, str]:
    groups = bench.client.list_security_groups()["security-groups"]
    return {"id": next(group["id"] for group in groups if group["name"] == "default")}


def test_the_pool_of_a_nodepool_is_managed_by_it(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    pool = bench.client.get_instance_pool(id=nodepool["instance-pool"]["id"])
    assert pool["manager"] == {"id": nodepool["id"], "type": "sks-nodepool"}
    assert (pool["state"], pool["size"], pool["instance-type"]) == ("running", 2, SMALL)
    assert bench.client.list_instance_pools()["instance-pools"] == [pool]


def test_a_pool_names_its_instances(bench: Bench) -> None:
    nodepool = bench.nodepool(bench.cluster())
    pool = bench.client.get_instance_pool(id=nodepool["instance-pool"]["id"])
    assert pool["instances"] == [{"id": instance["id"]} for instance in bench.instances(pool["id"])]
    assert len(pool["instances"]) == 2


def test_an_instance_carries_what_the_ccm_and_the_nodes_need(bench: Bench) -> None:
    nodepool = bench.nodepool(bench.cluster(), size=1)
    pool_id = nodepool["instance-pool"]["id"]
    (instance,) = bench.instances(pool_id)
    assert instance["manager"] == {"id": pool_id, "type": "instance-pool"}
    assert instance["template"] == nodepool["template"]
    assert instance["instance-type"] == SMALL
    assert instance["disk-size"] == 20
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", instance["created-at"])
    assert bench.client.get_instance(id=instance["id"]) == instance


def test_names_hold_the_prefix_and_the_beginning_of_the_pools_id(bench: Bench) -> None:
    cluster = bench.cluster()
    for nodepool, prefix in (
        (bench.nodepool(cluster), "pool"),
        (bench.nodepool(cluster, instance_prefix="web"), "web"),
    ):
        pool_id = nodepool["instance-pool"]["id"]
        names = [instance["name"] for instance in bench.instances(pool_id)]
        assert all(re.fullmatch(f"{prefix}-{pool_id[:5]}-[a-z]{{5}}", name) for name in names)
        assert len(set(names)) == 2


def test_addresses_are_unique_and_from_the_documentation_ranges(bench: Bench) -> None:
    cluster = bench.cluster()
    addresses = [
        instance["public-ip"]
        for nodepool in (bench.nodepool(cluster, size=20), bench.nodepool(cluster, size=20))
        for instance in bench.instances(nodepool["instance-pool"]["id"])
    ]
    assert len(set(addresses)) == 40
    assert all(any(ip_address(address) in network for network in DOCUMENTATION) for address in addresses)


def test_dual_instances_have_an_ipv6_address_too(bench: Bench) -> None:
    cluster = bench.cluster()
    (single,) = bench.instances(bench.nodepool(cluster, size=1)["instance-pool"]["id"])
    assert "ipv6-address" not in single
    dual = bench.nodepool(cluster, size=1, public_ip_assignment="dual")
    (instance,) = bench.instances(dual["instance-pool"]["id"])
    assert ip_address(instance["ipv6-address"]) in ip_network("2001:db8::/32")


def test_instances_wear_the_groups_of_their_nodepool(bench: Bench) -> None:
    firewall = bench.done(bench.client.create_security_group(name="f"))
    spread = bench.done(bench.client.create_anti_affinity_group(name="g"))
    nodepool = bench.nodepool(
        bench.cluster(), security_groups=[{"id": firewall}], anti_affinity_groups=[{"id": spread}]
    )
    instances = bench.instances(nodepool["instance-pool"]["id"])
    assert [instance["security-groups"] for instance in instances] == [[{"id": firewall}]] * 2
    members = bench.client.get_anti_affinity_group(id=spread)["instances"]
    assert members == [{"id": instance["id"]} for instance in instances]


def test_instances_without_a_group_wear_the_default_one(bench: Bench) -> None:
    nodepool = bench.nodepool(bench.cluster(), size=1)
    (instance,) = bench.instances(nodepool["instance-pool"]["id"])
    assert instance["security-groups"] == [default_group(bench)]
    assert nodepool["security-groups"] == []


def test_instances_are_found_by_manager_and_by_address(bench: Bench) -> None:
    cluster = bench.cluster()
    one, other = bench.nodepool(cluster), bench.nodepool(cluster)
    instances = bench.client.list_instances()["instances"]
    assert len(instances) == 4
    mine = bench.instances(one["instance-pool"]["id"])
    assert mine == [instance for instance in instances if instance["manager"]["id"] == one["instance-pool"]["id"]]
    assert mine != bench.instances(other["instance-pool"]["id"])
    assert bench.client.list_instances(ip_address=mine[0]["public-ip"])["instances"] == mine[:1]


def test_the_pool_tells_what_its_nodepool_does(bench: Bench) -> None:
    cluster = bench.cluster()
    started = bench.new_nodepool(cluster)
    id_ = started["reference"]["id"]
    pool_id = bench.shown_nodepool(cluster, id_)["instance-pool"]["id"]

    def state() -> str:
        return str(bench.client.get_instance_pool(id=pool_id)["state"])

    assert state() == "creating"
    bench.done(started)
    assert state() == "running"
    for start, expected in (
        (lambda: bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=id_, size=3), "scaling-up"),
        (lambda: bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=id_, size=1), "scaling-down"),
        (lambda: bench.client.update_sks_nodepool(id=cluster, sks_nodepool_id=id_, name="q"), "updating"),
    ):
        started = start()
        assert state() == expected
        bench.done(started)
        assert state() == "running"
    bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=id_)
    assert state() == "destroying"
