"""What is done about one Service's load balancer, against the simulated API over HTTP."""

import copy
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.ccm import annotations
from sandbox.ccm.annotations import annotation
from sandbox.ccm.load_balancer import Failed, LoadBalancers, only_pool, service_differs
from sandbox.controllers.exoscale import Exoscale, ExoscaleError
from sandbox.controllers.gate import Gate, Killed
from sandbox.faults import Fault
from tests.sandbox.ccm.world import ZONE, Object, World, node, port, service


class Annotations:
    """Stands for the API server: keeps what is written, or refuses it."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}
        self.refuses = False

    def __call__(self, _: Object, name: str, value: str) -> None:
        if self.refuses:
            raise ConnectionError("connection refused")
        self.written[name.removeprefix(annotations.PREFIX)] = value


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def cloud(world: World, gate: Gate) -> Iterator[Exoscale]:
    cloud = Exoscale(world.api.url, world.key["key"], world.key["_secret"], ZONE, 0.01, 0.01, gate)
    yield cloud
    cloud.close()


@pytest.fixture
def written() -> Annotations:
    return Annotations()


@pytest.fixture
def balancers(cloud: Exoscale, written: Annotations) -> LoadBalancers:
    return LoadBalancers(cloud, written, logging.getLogger("test"))


@pytest.fixture
def calls(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operation ids that the API is asked for, polls left out."""
    asked: list[str] = []
    count = world.cloud.faults.call

    def note(operation_id: str) -> list[Fault]:
        if operation_id != "get-operation":
            asked.append(operation_id)
        return count(operation_id)

    monkeypatch.setattr(world.cloud.faults, "call", note)
    return asked


def test_a_service_gets_a_load_balancer_aimed_at_the_pool_of_its_nodes(
    world: World, balancers: LoadBalancers, written: Annotations
) -> None:
    pool = world.pool()
    web = service()

    ip = balancers.ensure(web, [node(world.instance(pool)), node(world.instance(pool))])

    nlb = world.only_load_balancer()
    assert nlb["name"] == f"k8s-{web['metadata']['uid']}"
    assert ip == nlb["ip"]
    assert not nlb.get("labels")
    assert written.written == {"service-instancepool-id": pool["id"], "id": nlb["id"]}
    (item,) = nlb["services"]
    assert item["name"] == f"{web['metadata']['uid']}-80"
    assert (item["port"], item["target-port"], item["protocol"]) == (80, 30080, "tcp")
    assert item["instance-pool"]["id"] == pool["id"]


def test_a_second_sync_writes_nothing(world: World, balancers: LoadBalancers, calls: list[str]) -> None:
    web = service({"service-instancepool-id": world.pool()["id"]}, ports=[port(80), port(53, 30053, "UDP")])
    balancers.ensure(web, [])
    calls.clear()

    balancers.ensure(web, [])

    assert set(calls) == {"get-load-balancer"}


def test_a_new_description_never_lands_and_is_sent_at_every_sync(
    world: World, balancers: LoadBalancers, calls: list[str]
) -> None:
    web = service({"service-instancepool-id": world.pool()["id"], "description": "first"})
    balancers.ensure(web, [])
    web["metadata"]["annotations"][annotations.DESCRIPTION] = "second"
    calls.clear()

    balancers.ensure(web, [])
    balancers.ensure(web, [])

    assert calls.count("update-load-balancer") == 2
    assert world.only_load_balancer()["description"] == "first"


def test_an_empty_name_is_sent_and_refused(world: World, balancers: LoadBalancers) -> None:
    web = service({"service-instancepool-id": world.pool()["id"], "name": ""})
    with pytest.raises(ExoscaleError, match=r"CreateLoadBalancer: http response: Bad Request: .*non-empty"):
        balancers.ensure(web, [])
    assert world.load_balancers() == []


def test_a_new_name_lands(world: World, balancers: LoadBalancers) -> None:
    web = service({"service-instancepool-id": world.pool()["id"]})
    balancers.ensure(web, [])
    web["metadata"]["annotations"][annotations.NAME] = "renamed"
    balancers.ensure(web, [])
    assert world.only_load_balancer()["name"] == "renamed"


def test_changed_ports_are_added_and_removed(world: World, balancers: LoadBalancers) -> None:
    web = service({"service-instancepool-id": world.pool()["id"]}, ports=[port(80), port(443, 30443)])
    balancers.ensure(web, [])
    web["spec"]["ports"] = [port(443, 30444), port(8080, 30081), port(443, 30445, "UDP")]
    balancers.ensure(web, [])

    services = world.only_load_balancer()["services"]
    found = {(item["port"], item["protocol"], item["target-port"]) for item in services}
    assert found == {(443, "tcp", 30444), (8080, "tcp", 30081), (443, "udp", 30445)}


def test_a_changed_pool_deletes_the_service_and_adds_it_again(
    world: World, balancers: LoadBalancers, calls: list[str]
) -> None:
    web = service({"service-instancepool-id": world.pool()["id"]})
    balancers.ensure(web, [])
    (before,) = world.only_load_balancer()["services"]
    other = world.pool()
    web["metadata"]["annotations"][annotations.POOL_ID] = other["id"]
    calls.clear()

    balancers.ensure(web, [])

    (after,) = world.only_load_balancer()["services"]
    assert after["instance-pool"]["id"] == other["id"]
    assert after["id"] != before["id"]
    assert calls.index("delete-load-balancer-service") < calls.index("add-service-to-load-balancer")


def test_several_pools_are_refused_until_one_is_named(world: World, balancers: LoadBalancers) -> None:
    pool = world.pool()
    nodes = [node(world.instance(pool)), node(world.instance(world.pool()))]
    web = service()
    with pytest.raises(Failed) as error:
        balancers.ensure(web, nodes)
    assert str(error.value) == (
        "multiple Instance Pools detected across cluster Nodes, "
        "an Instance Pool ID must be specified in Service manifest annotations"
    )
    assert world.load_balancers() == []

    web["metadata"]["annotations"][annotations.POOL_ID] = pool["id"]
    assert balancers.ensure(web, nodes)


def test_without_nodes_of_a_pool_there_is_nothing_to_aim_at() -> None:
    with pytest.raises(Failed) as error:
        only_pool([{}, {"type": "sks-nodepool", "id": "x"}])
    assert str(error.value) == "couldn't infer any Instance Pool from cluster Nodes"


def test_instances_outside_any_pool_do_not_count() -> None:
    assert only_pool([{}, {"type": "instance-pool", "id": "p"}, {"type": "instance-pool", "id": "p"}]) == "p"


def test_a_node_whose_instance_is_gone_stops_the_inference(world: World, balancers: LoadBalancers) -> None:
    gone = world.instance(world.pool())
    world.cloud.store.delete("instance", gone["id"])
    with pytest.raises(Failed, match="error retrieving Compute instance information: GetInstance: http response: Not"):
        balancers.ensure(service(), [node(gone)])


def test_a_nodepool_may_be_named_within_its_cluster(world: World, balancers: LoadBalancers) -> None:
    with pytest.raises(Failed, match="SKS node pool name specified without SKS cluster name"):
        balancers.ensure(service({"service-sks-nodepool-name": "workers"}), [])
    with pytest.raises(Failed, match="SKS cluster with name nowhere not found"):
        balancers.ensure(service({"sks-cluster-name": "nowhere", "service-sks-nodepool-name": "workers"}), [])


def test_the_load_balancer_and_its_services_are_deleted(world: World, balancers: LoadBalancers) -> None:
    web = service({"service-instancepool-id": world.pool()["id"]}, ports=[port(80), port(443, 30443)])
    balancers.ensure(web, [])
    balancers.delete(web)
    assert world.load_balancers() == []
    assert balancers.find(web) is None


def test_services_on_ports_that_changed_meanwhile_keep_the_load_balancer(
    world: World, balancers: LoadBalancers
) -> None:
    web = service({"service-instancepool-id": world.pool()["id"]}, ports=[port(80), port(443, 30443)])
    balancers.ensure(web, [])
    web["spec"]["ports"] = [port(443, 30443)]
    balancers.delete(web)
    assert [item["port"] for item in world.only_load_balancer()["services"]] == [80]


def test_without_its_id_annotation_the_load_balancer_is_not_found(world: World, balancers: LoadBalancers) -> None:
    web = service({"service-instancepool-id": world.pool()["id"]})
    balancers.ensure(web, [])
    del web["metadata"]["annotations"][annotations.ID]

    assert balancers.find(web) is None
    balancers.delete(web)
    assert len(world.load_balancers()) == 1


def test_a_load_balancer_whose_id_could_not_be_annotated_stands_in_the_way_of_the_next(
    world: World, balancers: LoadBalancers, written: Annotations
) -> None:
    stored = service({"service-instancepool-id": world.pool()["id"]})
    written.refuses = True
    with pytest.raises(Failed, match="error patching annotations: connection refused"):
        balancers.ensure(copy.deepcopy(stored), [])
    written.refuses = False
    with pytest.raises(ExoscaleError, match=r"http response: Conflict: Load Balancer k8s-.* already exists"):
        balancers.ensure(stored, [])
    assert world.only_load_balancer()["name"] == f"k8s-{stored['metadata']['uid']}"


def test_after_a_lost_reply_to_the_create_its_own_load_balancer_is_in_the_way(
    world: World, balancers: LoadBalancers
) -> None:
    world.cloud.faults.arm(Fault("create-load-balancer", "lose-reply"))
    web = service({"service-instancepool-id": world.pool()["id"]})
    for _ in range(2):  # the client asks again by itself at the first, and at every later sync it is the same
        with pytest.raises(ExoscaleError, match=r"http response: Conflict: Load Balancer k8s-.* already exists"):
            balancers.ensure(web, [])
    assert not world.only_load_balancer()["services"]
    assert annotation(web, annotations.ID) == ""


def test_killed_after_the_create_nothing_more_is_asked_or_written(
    world: World, balancers: LoadBalancers, written: Annotations, gate: Gate, calls: list[str]
) -> None:
    web = service({"service-instancepool-id": world.pool()["id"]})
    start = world.cloud.operations.start

    def start_and_kill(*args: Any, **options: Any) -> Any:
        gate.shut()
        return start(*args, **options)

    world.cloud.operations.start = start_and_kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        balancers.ensure(web, [])
    assert len(world.load_balancers()) == 1
    assert calls == ["create-load-balancer"]
    assert written.written == {}


def test_a_refused_key_is_not_an_absent_load_balancer(world: World, balancers: LoadBalancers) -> None:
    web = service({"service-instancepool-id": world.pool()["id"]})
    balancers.ensure(web, [])
    world.revoke_key()
    for attempt in (balancers.find, balancers.delete):
        with pytest.raises(ExoscaleError, match=r"^GetLoadBalancer: http response: Forbidden: "):
            attempt(web)


def test_a_refused_key_ends_the_start_with_the_zone_not_switched(world: World, cloud: Exoscale) -> None:
    cloud.switch_zone()
    world.revoke_key()
    with pytest.raises(ExoscaleError, match=r"^failed to switch client zone: ListZones: http response: Forbidden: "):
        cloud.switch_zone()


def test_an_external_load_balancer_is_found_by_its_name_and_only_its_services_are_removed(
    world: World, balancers: LoadBalancers
) -> None:
    ours = world.own_load_balancer("ours")
    web = service({"external": "true", "name": "ours", "service-instancepool-id": world.pool()["id"]})

    assert balancers.ensure(web, []) == ours["ip"]
    assert annotation(web, annotations.ID) == ours["id"]
    balancers.delete(web)

    assert world.only_load_balancer()["services"] == []


def test_services_of_others_on_an_external_load_balancer_are_left_alone(world: World, balancers: LoadBalancers) -> None:
    ours, pool = world.own_load_balancer("ours"), world.pool()
    one = service({"external": "true", "id": ours["id"], "service-instancepool-id": pool["id"]})
    two = service(one["metadata"]["annotations"], ports=[port(443, 30443)])
    two["metadata"]["annotations"] = dict(one["metadata"]["annotations"])
    for web in (one, two, one):
        balancers.ensure(web, [])
    assert {item["port"] for item in world.only_load_balancer()["services"]} == {80, 443}
    assert world.only_load_balancer()["name"] == "ours"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"name": "unknown"},
            'NLB instance is marked external by name "unknown", but no matching NLB was found',
        ),
        ({}, "NLB instance marked as external in Service annotations, but no ID or name specified"),
        (
            {"id": "00000000-0000-4000-8000-000000000000", "service-instancepool-id": "p"},
            "NLB instance marked as external in Service annotations, cannot create",
        ),
    ],
)
def test_an_external_load_balancer_that_is_not_there_is_never_made(
    world: World, balancers: LoadBalancers, asked: dict[str, str], message: str
) -> None:
    with pytest.raises(Failed) as error:
        balancers.ensure(service({"external": "true", **asked}), [])
    assert str(error.value) == message
    assert world.load_balancers() == []


def test_a_failed_operation_says_its_reason_and_message(world: World, balancers: LoadBalancers) -> None:
    fault = Fault("create-load-balancer", "failure", reason="unavailable", message="no capacity")
    world.cloud.faults.arm(fault)
    with pytest.raises(ExoscaleError, match=r'state: failure, reason: "unavailable", message: "no capacity"$'):
        balancers.ensure(service({"service-instancepool-id": world.pool()["id"]}), [])


def test_a_broken_api_is_asked_five_times_and_its_words_are_lost(
    world: World, balancers: LoadBalancers, calls: list[str]
) -> None:
    world.cloud.faults.arm(Fault("create-load-balancer", "status", status=503, times=5))
    with pytest.raises(ExoscaleError, match=r"do: Post \"(\S+)\": POST \1 giving up after 5 attempt\(s\)$"):
        balancers.ensure(service({"service-instancepool-id": world.pool()["id"]}), [])
    assert calls.count("create-load-balancer") == 5
    assert world.load_balancers() == []


def test_nlb_services_are_compared_as_whole_structs() -> None:
    healthcheck = {"mode": "tcp", "port": 30080, "interval": 10, "timeout": 5, "retries": 1}
    wanted = {
        "id": "s",
        "name": "web",
        "description": "",
        "port": 80,
        "target-port": 30080,
        "protocol": "tcp",
        "strategy": "round-robin",
        "instance-pool": {"id": "p"},
        "healthcheck": {**healthcheck, "uri": ""},
    }
    current = {**wanted, "healthcheck": healthcheck, "state": "running", "healthcheck-status": [{"status": "success"}]}
    assert not service_differs(current, wanted)
    assert service_differs({**current, "instance-pool": {"id": "p", "name": "pool"}}, wanted)
    assert service_differs({**current, "healthcheck": {**healthcheck, "retries": 2}}, wanted)
    assert service_differs({**current, "strategy": "source-hash"}, wanted)
