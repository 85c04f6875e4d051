"""Load balancers and their services, seen by the official client."""

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from sandbox.api.routes import HANDLERS, Call
from sandbox.client import OperationEnded, SandboxClient
from sandbox.clock import Clock
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from sandbox.store import Store
from tests.sandbox.sks_bench import HEALTHCHECK, Bench


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Bench:
    return Bench(cloud, client)


@pytest.fixture
def pool_id(bench: Bench) -> str:
    return str(bench.nodepool(bench.cluster())["instance-pool"]["id"])


def test_a_new_load_balancer_is_creating_until_its_operation_ends(bench: Bench) -> None:
    started = bench.client.create_load_balancer(name="n", description="d", labels={"a": "b"})
    id_ = started["reference"]["id"]
    assert started["reference"] == {"id": id_, "link": f"/v2/load-balancer/{id_}", "command": "get-load-balancer"}
    creating = bench.client.get_load_balancer(id=id_)
    assert creating == {
        "id": id_,
        "name": "n",
        "description": "d",
        "labels": {"a": "b"},
        "ip": creating["ip"],
        "created-at": creating["created-at"],
        "services": [],
        "state": "creating",
    }
    bench.done(started)
    assert bench.client.get_load_balancer(id=id_) == {**creating, "state": "running"}


def test_addresses_are_unique_and_from_a_documentation_range(bench: Bench) -> None:
    for number in range(10):
        bench.balancer(f"n{number}")
    addresses = [balancer["ip"] for balancer in bench.client.list_load_balancers()["load-balancers"]]
    assert len(set(addresses)) == 10
    assert all(ip_address(address) in ip_network("203.0.113.0/24") for address in addresses)


def test_load_balancers_belong_to_one_zone(bench: Bench, connected: Any) -> None:
    bench.balancer()
    assert connected(zone="de-fra-1").list_load_balancers()["load-balancers"] == []


def test_an_update_changes_only_what_is_named(bench: Bench) -> None:
    id_ = bench.done(bench.client.create_load_balancer(name="n", description="d"))
    bench.done(bench.client.update_load_balancer(id=id_, name="m"))
    shown = bench.client.get_load_balancer(id=id_)
    assert (shown["name"], shown["description"], shown["state"]) == ("m", "d", "running")


def test_a_reset_field_is_gone(bench: Bench) -> None:
    id_ = bench.done(bench.client.create_load_balancer(name="n", description="d", labels={"a": "b"}))
    bench.done(bench.client.reset_load_balancer_field(id=id_, field="description"))
    shown = bench.client.get_load_balancer(id=id_)
    assert "description" not in shown
    assert shown["labels"] == {"a": "b"}


def test_a_deleted_load_balancer_takes_its_services_with_it(bench: Bench, pool_id: str) -> None:
    id_ = bench.balancer()
    bench.service(id_, pool_id)
    started = bench.client.delete_load_balancer(id=id_)
    assert bench.client.get_load_balancer(id=id_)["state"] == "deleting"
    bench.done(started)
    assert bench.client.list_load_balancers()["load-balancers"] == []


def test_operations_on_services_refer_to_the_load_balancer(bench: Bench, pool_id: str) -> None:
    id_ = bench.balancer()
    assert bench.done(bench.new_service(id_, pool_id)) == id_
    (service,) = bench.client.get_load_balancer(id=id_)["services"]
    updating = bench.client.update_load_balancer_service(id=id_, service_id=service["id"], port=81)
    assert bench.done(updating) == id_
    assert bench.done(bench.client.delete_load_balancer_service(id=id_, service_id=service["id"])) == id_


def test_a_service_goes_through_its_states(bench: Bench, pool_id: str) -> None:
    id_ = bench.balancer()

    def service() -> dict[str, Any]:
        (only,) = bench.client.get_load_balancer(id=id_)["services"]
        return dict(only)

    started = bench.new_service(id_, pool_id)
    assert service()["state"] == "creating"
    bench.done(started)
    assert service()["state"] == "running"
    started = bench.client.update_load_balancer_service(id=id_, service_id=service()["id"], strategy="maglev-hash")
    assert (service()["state"], service()["strategy"]) == ("updating", "round-robin")
    bench.done(started)
    assert (service()["state"], service()["strategy"]) == ("running", "maglev-hash")
    started = bench.client.delete_load_balancer_service(id=id_, service_id=service()["id"])
    assert service()["state"] == "deleting"
    bench.done(started)
    assert bench.client.get_load_balancer(id=id_)["services"] == []


def test_a_service_is_echoed_exactly_as_sent(bench: Bench, pool_id: str) -> None:
    service = bench.service(bench.balancer(), pool_id, description="d")
    assert {key: value for key, value in service.items() if key not in ("id", "healthcheck-status")} == {
        "name": "http",
        "description": "d",
        "protocol": "tcp",
        "strategy": "round-robin",
        "port": 80,
        "target-port": 30080,
        "instance-pool": {"id": pool_id},
        "healthcheck": HEALTHCHECK,
        "state": "running",
    }


def test_of_the_pool_that_was_sent_only_the_id_stays(bench: Bench, pool_id: str) -> None:
    service = bench.service(bench.balancer(), pool_id, instance_pool={"id": pool_id, "name": "whatever"})
    assert service["instance-pool"] == {"id": pool_id}


def test_a_health_check_gets_the_defaults_of_the_api_and_no_others(bench: Bench, pool_id: str) -> None:
    service = bench.service(bench.balancer(), pool_id, healthcheck={"mode": "tcp", "port": 1})
    assert service["healthcheck"] == {"mode": "tcp", "port": 1, "interval": 10, "timeout": 2}


def test_a_service_can_be_read_by_itself_and_its_description_reset(bench: Bench, pool_id: str) -> None:
    id_ = bench.balancer()
    service = bench.service(id_, pool_id, description="d")
    assert bench.client.get_load_balancer_service(id=id_, service_id=service["id"]) == service
    bench.done(bench.client.reset_load_balancer_service_field(id=id_, service_id=service["id"], field="description"))
    del service["description"]
    assert bench.client.get_load_balancer_service(id=id_, service_id=service["id"]) == service


def test_one_port_may_serve_tcp_and_udp(bench: Bench, pool_id: str) -> None:
    id_ = bench.balancer()
    bench.service(id_, pool_id, port=53, protocol="tcp")
    bench.service(id_, pool_id, port=53, protocol="udp")
    assert len(bench.client.get_load_balancer(id=id_)["services"]) == 2


def health(bench: Bench, balancer_id: str) -> list[str]:
    (service,) = bench.client.get_load_balancer(id=balancer_id)["services"]
    return [entry["status"] for entry in service["healthcheck-status"]]


def opened(bench: Bench, protocol: str, network: str, start: int, end: int) -> str:
    """A security group that lets these ports in."""
    group = bench.done(bench.client.create_security_group(name="f"))
    rule = {"flow_direction": "ingress", "protocol": protocol, "start_port": start, "end_port": end}
    bench.done(bench.client.add_rule_to_security_group(id=group, network=network, **rule))
    return group


@pytest.mark.parametrize(
    ("protocol", "network", "start", "end", "expected"),
    [
        ("tcp", "0.0.0.0/0", 30000, 32767, "success"),
        ("tcp", "0.0.0.0/0", 30080, 30080, "success"),
        ("tcp", "0.0.0.0/0", 30081, 32767, "failure"),
        ("tcp", "192.0.2.0/24", 30000, 32767, "failure"),
        ("udp", "0.0.0.0/0", 30000, 32767, "failure"),
    ],
)
def test_members_are_healthy_where_the_world_reaches_the_check_port(
    bench: Bench, protocol: str, network: str, start: int, end: int, expected: str
) -> None:
    group = opened(bench, protocol, network, start, end)
    nodepool = bench.nodepool(bench.cluster(), security_groups=[{"id": group}])
    id_ = bench.balancer()
    service = bench.service(id_, nodepool["instance-pool"]["id"])
    addresses = [instance["public-ip"] for instance in bench.instances(nodepool["instance-pool"]["id"])]
    assert service["healthcheck-status"] == [{"public-ip": address, "status": expected} for address in addresses]


def test_health_follows_the_rules_and_the_instances(bench: Bench) -> None:
    group = opened(bench, "tcp", "0.0.0.0/0", 30000, 32767)
    cluster = bench.cluster()
    nodepool = bench.nodepool(cluster, security_groups=[{"id": group}])
    id_ = bench.balancer()
    bench.service(id_, nodepool["instance-pool"]["id"])
    assert health(bench, id_) == ["success", "success"]
    started = bench.client.scale_sks_nodepool(id=cluster, sks_nodepool_id=nodepool["id"], size=3)
    assert health(bench, id_) == ["success", "success", "failure"]
    bench.done(started)
    assert health(bench, id_) == ["success"] * 3
    (rule,) = bench.client.get_security_group(id=group)["rules"]
    bench.done(bench.client.delete_rule_from_security_group(id=group, rule_id=rule["id"]))
    assert health(bench, id_) == ["failure"] * 3


@pytest.mark.parametrize(("operation", "body"), [("update-load-balancer", {"name": "m"}), ("delete-load-balancer", {})])
def test_a_failed_operation_leaves_the_load_balancer_in_error(
    bench: Bench, operation: str, body: dict[str, str]
) -> None:
    id_ = bench.balancer()
    before = bench.client.get_load_balancer(id=id_)
    bench.cloud.faults.arm(Fault(operation, "failure"))
    with pytest.raises(OperationEnded):
        bench.done(getattr(bench.client, operation.replace("-", "_"))(id=id_, **body))
    assert bench.client.get_load_balancer(id=id_) == {**before, "state": "error"}
    bench.done(bench.client.delete_load_balancer(id=id_))


def test_a_failed_creation_leaves_a_load_balancer_in_error(bench: Bench) -> None:
    bench.cloud.faults.arm(Fault("create-load-balancer", "failure"))
    with pytest.raises(OperationEnded):
        bench.balancer()
    (balancer,) = bench.client.list_load_balancers()["load-balancers"]
    assert balancer["state"] == "error"


def test_a_failed_addition_leaves_the_service_in_error_and_the_load_balancer_running(
    bench: Bench, pool_id: str
) -> None:
    id_ = bench.balancer()
    bench.cloud.faults.arm(Fault("add-service-to-load-balancer", "failure"))
    with pytest.raises(OperationEnded):
        bench.service(id_, pool_id)
    shown = bench.client.get_load_balancer(id=id_)
    assert (shown["state"], shown["services"][0]["state"]) == ("running", "error")
    bench.done(bench.client.delete_load_balancer_service(id=id_, service_id=shown["services"][0]["id"]))


@pytest.mark.parametrize(
    ("operation", "body"), [("update-load-balancer-service", {"port": 81}), ("delete-load-balancer-service", {})]
)
def test_a_failed_change_leaves_the_service_in_error_and_unchanged(
    bench: Bench, pool_id: str, operation: str, body: dict[str, int]
) -> None:
    id_ = bench.balancer()
    service = bench.service(id_, pool_id)
    bench.cloud.faults.arm(Fault(operation, "failure"))
    with pytest.raises(OperationEnded):
        bench.done(getattr(bench.client, operation.replace("-", "_"))(id=id_, service_id=service["id"], **body))
    assert bench.client.get_load_balancer(id=id_)["services"] == [{**service, "state": "error"}]


def test_a_service_whose_load_balancer_goes_first_fails(bench: Bench, pool_id: str) -> None:
    id_ = bench.balancer()
    adding, deleting = bench.new_service(id_, pool_id), bench.client.delete_load_balancer(id=id_)
    bench.clock.advance(0.25)  # adding takes 0.3 s at this pace, deleting 0.2 s
    assert bench.client.wait(deleting["id"], max_wait_time=10)["state"] == "success"
    bench.clock.advance()
    with pytest.raises(OperationEnded, match="not-found"):
        bench.client.wait(adding["id"], max_wait_time=10)


def test_an_update_that_ends_late_does_not_stop_a_delete(bench: Bench) -> None:
    id_ = bench.balancer()
    updating = bench.client.update_load_balancer(id=id_, name="m")
    bench.clock.advance(0.15)  # both take 0.2 s at this pace
    deleting = bench.client.delete_load_balancer(id=id_)
    bench.clock.advance(0.1)
    bench.client.wait(updating["id"], max_wait_time=10)
    assert bench.client.get_load_balancer(id=id_)["state"] == "deleting"
    bench.done(deleting)
    assert bench.client.list_load_balancers()["load-balancers"] == []


def test_a_restart_in_the_middle_finishes_a_load_balancer(tmp_path: Path) -> None:
    cloud = Cloud(Store(tmp_path / "cloud.sqlite"), Clock(0))
    started = HANDLERS["create-load-balancer"](cloud, Call("create-load-balancer", body={"name": "n"}))
    cloud.store.close()
    cloud = Cloud(Store(tmp_path / "cloud.sqlite"), Clock(0))
    assert (cloud.store.get("load-balancer", started["reference"]["id"]) or {})["state"] == "creating"
    cloud.operations.resume()
    with cloud.lock:
        cloud.operations.tick()
    assert (cloud.store.get("load-balancer", started["reference"]["id"]) or {})["state"] == "running"
    cloud.store.close()
