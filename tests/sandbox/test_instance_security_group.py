"""Putting security groups on instances and taking them off, through the official client."""

from typing import Any

import pytest

from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.sks_bench import NOWHERE, Bench, busy, refused


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Bench:
    return Bench(cloud, client)


@pytest.fixture
def group(bench: Bench) -> str:
    return bench.done(bench.client.create_security_group(name="extra"))


@pytest.fixture
def instance(bench: Bench) -> str:
    """A running one that wears the default group only."""
    nodepool = bench.nodepool(bench.cluster(), size=1)
    return str(bench.instances(nodepool["instance-pool"]["id"])[0]["id"])


def worn(bench: Bench, instance: str) -> list[str]:
    return [group["id"] for group in bench.client.get_instance(id=instance)["security-groups"]]


def test_an_attached_group_is_worn_besides_the_others_until_it_is_detached(
    bench: Bench, instance: str, group: str
) -> None:
    before = worn(bench, instance)
    started = bench.client.attach_instance_to_security_group(id=group, instance={"id": instance})
    assert started["reference"]["command"] == "get-security-group"
    assert worn(bench, instance) == before
    bench.done(started)
    assert worn(bench, instance) == [*before, group]
    bench.done(bench.client.detach_instance_from_security_group(id=group, instance={"id": instance}))
    assert worn(bench, instance) == before


def test_the_last_group_can_be_detached(bench: Bench, instance: str) -> None:
    (default,) = worn(bench, instance)
    bench.done(bench.client.detach_instance_from_security_group(id=default, instance={"id": instance}))
    assert worn(bench, instance) == []


def test_an_attached_group_cannot_be_deleted(bench: Bench, instance: str, group: str) -> None:
    bench.done(bench.client.attach_instance_to_security_group(id=group, instance={"id": instance}))
    assert "in use by virtual machines" in refused(lambda: bench.client.delete_security_group(id=group), 409)
    bench.done(bench.client.detach_instance_from_security_group(id=group, instance={"id": instance}))
    bench.done(bench.client.delete_security_group(id=group))


def test_health_checks_pass_with_the_group_that_lets_them_in(bench: Bench, group: str) -> None:
    nodepool = bench.nodepool(bench.cluster(), size=1)
    pool = nodepool["instance-pool"]["id"]
    balancer = bench.balancer()
    bench.service(balancer, pool)
    world = {"flow_direction": "ingress", "protocol": "tcp", "network": "0.0.0.0/0"}
    bench.done(bench.client.add_rule_to_security_group(id=group, start_port=30000, end_port=32767, **world))

    def health() -> str:
        (service,) = bench.client.get_load_balancer(id=balancer)["services"]
        return str(service["healthcheck-status"][0]["status"])

    assert health() == "failure"
    member = {"id": bench.instances(pool)[0]["id"]}
    bench.done(bench.client.attach_instance_to_security_group(id=group, instance=member))
    assert health() == "success"


def test_a_group_is_attached_once_and_detached_once(bench: Bench, instance: str, group: str) -> None:
    named: dict[str, Any] = {"id": group, "instance": {"id": instance}}
    assert "is not attached" in refused(lambda: bench.client.detach_instance_from_security_group(**named), 409)
    bench.done(bench.client.attach_instance_to_security_group(**named))
    assert "already" in refused(lambda: bench.client.attach_instance_to_security_group(**named), 409)


def test_group_and_instance_have_to_be_there(bench: Bench, instance: str, group: str, connected: Any) -> None:
    elsewhere = connected(zone="de-fra-1")
    for verb in ("attach_instance_to_security_group", "detach_instance_from_security_group"):
        call = getattr(bench.client, verb)
        assert refused(lambda call=call: call(id=NOWHERE, instance={"id": instance}), 404).endswith("not found")
        assert refused(lambda call=call: call(id=group, instance={"id": NOWHERE}), 404).endswith("not found")
        assert refused(lambda call=call: call(id=group, instance={"name": "x"}), 400) == "instance.id is missing"
        refused(lambda verb=verb: getattr(elsewhere, verb)(id=group, instance={"id": instance}), 404)


def test_an_instance_that_starts_or_goes_is_busy(bench: Bench, group: str) -> None:
    bench.new_nodepool(bench.cluster(), size=1)
    (starting,) = bench.client.list_instances()["instances"]
    busy(lambda: bench.client.attach_instance_to_security_group(id=group, instance={"id": starting["id"]}))


@pytest.mark.parametrize("gone", ["instance", "security-group"])
def test_the_operation_fails_where_one_of_both_is_gone_before_it_ends(
    bench: Bench, instance: str, group: str, gone: str
) -> None:
    started = bench.client.attach_instance_to_security_group(id=group, instance={"id": instance})
    bench.cloud.store.delete(gone, {"instance": instance, "security-group": group}[gone])
    with pytest.raises(OperationEnded, match="not-found"):
        bench.done(started)
