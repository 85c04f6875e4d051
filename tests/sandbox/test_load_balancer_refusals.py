"""What load balancers and their services refuse: status and words, seen by the official client."""

from typing import Any

import pytest

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.sks_bench import HEALTHCHECK, NOWHERE, Bench, busy, refused


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Bench:
    return Bench(cloud, client)


def test_a_service_needs_a_pool_that_exists(bench: Bench) -> None:
    balancer = bench.balancer()
    assert refused(lambda: bench.new_service(balancer, NOWHERE), 404) == f"Instance pool {NOWHERE} not found"
    assert "instance-pool.id" in refused(lambda: bench.new_service(balancer, "", instance_pool={}), 400)
    assert bench.client.get_load_balancer(id=balancer)["services"] == []


def test_a_pool_that_is_being_destroyed_gets_no_new_service(bench: Bench) -> None:
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster)
    balancer = bench.balancer()
    bench.client.delete_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"])
    busy(lambda: bench.new_service(balancer, nodepool["instance-pool"]["id"]))


def test_two_services_cannot_share_a_port(bench: Bench) -> None:
    pool_id = bench.nodepool(bench.cluster())["instance-pool"]["id"]
    balancer = bench.balancer()
    bench.new_service(balancer, pool_id)
    assert "80/tcp" in refused(lambda: bench.new_service(balancer, pool_id, name="again"), 409)
    other = bench.service(balancer, pool_id, port=81)
    moved = {"id": balancer, "service_id": other["id"], "port": 80}
    assert "80/tcp" in refused(lambda: bench.client.update_load_balancer_service(**moved), 409)


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ({**HEALTHCHECK, "interval": 5, "timeout": 6}, "timeout 6 must be lower than or equal to interval 5"),
        ({**HEALTHCHECK, "mode": "http"}, "uri is missing"),
        ({"port": 1}, "mode is missing"),
        ({"mode": "tcp"}, "port is missing"),
        ({**HEALTHCHECK, "interval": 4}, "interval"),
        ({**HEALTHCHECK, "retries": 0}, "retries"),
    ],
)
def test_a_health_check_that_cannot_be_carried_out_is_refused(bench: Bench, check: dict[str, Any], reason: str) -> None:
    pool_id = bench.nodepool(bench.cluster())["instance-pool"]["id"]
    balancer = bench.balancer()
    assert reason in refused(lambda: bench.new_service(balancer, pool_id, healthcheck=check), 400)


@pytest.mark.parametrize("state", ["creating", "deleting"])
def test_a_busy_load_balancer_refuses_every_change(bench: Bench, state: str) -> None:
    pool_id = bench.nodepool(bench.cluster())["instance-pool"]["id"]
    id_ = bench.balancer()
    service = bench.service(id_, pool_id)["id"]
    balancer = bench.cloud.store.get("load-balancer", id_) or {}
    bench.cloud.store.put("load-balancer", {**balancer, "state": state})
    busy(lambda: bench.client.update_load_balancer(id=id_, name="m"))
    busy(lambda: bench.client.reset_load_balancer_field(id=id_, field="labels"))
    busy(lambda: bench.client.delete_load_balancer(id=id_))
    busy(lambda: bench.new_service(id_, pool_id, port=81))
    busy(lambda: bench.client.update_load_balancer_service(id=id_, service_id=service, port=82))
    busy(lambda: bench.client.delete_load_balancer_service(id=id_, service_id=service))


def test_a_busy_service_refuses_every_change(bench: Bench) -> None:
    pool_id = bench.nodepool(bench.cluster())["instance-pool"]["id"]
    id_ = bench.balancer()
    bench.new_service(id_, pool_id)
    service = bench.client.get_load_balancer(id=id_)["services"][0]["id"]
    busy(lambda: bench.client.update_load_balancer_service(id=id_, service_id=service, port=82))
    busy(lambda: bench.client.delete_load_balancer_service(id=id_, service_id=service))
    reset = {"id": id_, "service_id": service, "field": "description"}
    busy(lambda: bench.client.reset_load_balancer_service_field(**reset))


def test_a_name_can_be_used_once_in_a_zone(bench: Bench, connected: Any) -> None:
    bench.balancer("n")
    assert "already exists" in refused(lambda: bench.balancer("n"), 409)
    connected(zone="de-fra-1").create_load_balancer(name="n")


def test_a_name_can_be_used_twice_when_the_rule_is_off(bench: Bench) -> None:
    bench.cloud.rules.load_balancer_names_unique = False
    assert bench.balancer("n") != bench.balancer("n")


def test_a_load_balancer_cannot_be_renamed_to_a_taken_name(bench: Bench) -> None:
    bench.balancer("one")
    other = bench.balancer("other")
    assert "already exists" in refused(lambda: bench.client.update_load_balancer(id=other, name="one"), 409)
    bench.done(bench.client.update_load_balancer(id=other, name="other"))
