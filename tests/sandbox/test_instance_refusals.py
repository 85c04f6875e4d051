"""What is refused of instances, and that nothing has changed then."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.api.catalogue import identity
from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.instance_pool_bench import Pools
from tests.sandbox.sks_bench import MEDIUM, NOWHERE, busy, refused

# By name, how to change an instance; a stopped one, where that is needed.
CHANGES: dict[str, Callable[[SandboxClient, str], Any]] = {
    "update": lambda client, id_: client.update_instance(id=id_, name="other"),
    "reset field": lambda client, id_: client.reset_instance_field(id=id_, field="labels"),
    "start": lambda client, id_: client.start_instance(id=id_, rescue_profile="netboot"),
    "stop": lambda client, id_: client.stop_instance(id=id_),
    "reboot": lambda client, id_: client.reboot_instance(id=id_),
    "reset": lambda client, id_: client.reset_instance(id=id_, disk_size=20),
    "reset password": lambda client, id_: client.reset_instance_password(id=id_),
    "protect": lambda client, id_: client.add_instance_protection(id=id_),
    "unprotect": lambda client, id_: client.remove_instance_protection(id=id_),
    "scale": lambda client, id_: client.scale_instance(id=id_, instance_type=MEDIUM),
    "resize": lambda client, id_: client.resize_instance_disk(id=id_, disk_size=20),
    "enable TPM": lambda client, id_: client.enable_tpm(id=id_),
}
STOPPED = ("scale", "resize", "enable TPM")


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Pools:
    return Pools(cloud, client)


@pytest.mark.parametrize(
    "body",
    [
        {"instance_type": {"id": NOWHERE}},
        {"template": {"id": NOWHERE}},
        {"security_groups": [{"id": NOWHERE}]},
        {"anti_affinity_groups": [{"id": NOWHERE}]},
        {"deploy_target": {"id": NOWHERE}},
        {"ssh_key": {"name": NOWHERE}},
        {"ssh_keys": [{"name": NOWHERE}]},
    ],
    ids=lambda body: next(iter(body)),
)
def test_what_refers_to_nothing_is_not_made(bench: Pools, body: dict[str, Any]) -> None:
    assert NOWHERE in refused(lambda: bench.new_machine(**body), 404)
    assert bench.client.list_instances() == {"instances": []}


def test_an_anti_affinity_group_bounds_single_instances_and_those_of_pools_together(bench: Pools) -> None:
    spread = [{"id": bench.done(bench.client.create_anti_affinity_group(name="g"))}]
    bench.pool(size=7, anti_affinity_groups=spread)
    bench.machine(anti_affinity_groups=spread)
    assert "at most 8 instances" in refused(lambda: bench.new_machine(anti_affinity_groups=spread), 409)
    assert len(bench.client.list_instances()["instances"]) == 8


@pytest.mark.parametrize("change", CHANGES)
def test_an_instance_on_its_way_is_not_changed(bench: Pools, change: str) -> None:
    id_ = bench.new_machine()["reference"]["id"]
    busy(lambda: CHANGES[change](bench.client, id_))
    busy(lambda: bench.client.delete_instance(id=id_))


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_there_is_not_changed(bench: Pools, change: str) -> None:
    assert NOWHERE in refused(lambda: CHANGES[change](bench.client, NOWHERE), 404)


@pytest.mark.parametrize("change", CHANGES)
def test_for_a_member_of_a_pool_it_is_said_that_the_change_is_not_simulated(bench: Pools, change: str) -> None:
    member = bench.member()
    with pytest.raises(Exception, match=r"501.*for an instance of a pool"):
        CHANGES[change](bench.client, member["id"])
    assert bench.instance(member["id"]) == member


@pytest.mark.parametrize("change", STOPPED)
def test_only_a_stopped_instance_changes_its_type_its_disk_or_its_tpm(bench: Pools, change: str) -> None:
    id_ = bench.machine()
    assert "must be stopped" in refused(lambda: CHANGES[change](bench.client, id_), 409)


def test_only_a_running_instance_is_rebooted(bench: Pools) -> None:
    assert "is not running" in refused(lambda: bench.client.reboot_instance(id=bench.stopped()), 409)


def test_a_type_of_another_family_is_refused(bench: Pools) -> None:
    id_, storage = bench.stopped(), {"id": identity("instance-type", "storage.extra-large")}
    message = refused(lambda: bench.client.scale_instance(id=id_, instance_type=storage), 409)
    assert "from standard to storage" in message
    assert NOWHERE in refused(lambda: bench.client.scale_instance(id=id_, instance_type={"id": NOWHERE}), 404)


@pytest.mark.parametrize("size", [10, 15, 20])
def test_a_disk_only_grows(bench: Pools, size: int) -> None:
    id_ = bench.stopped(disk_size=20)
    assert "can only grow" in refused(lambda: bench.client.resize_instance_disk(id=id_, disk_size=size), 400)


def test_a_protected_instance_is_not_deleted(bench: Pools) -> None:
    id_ = bench.machine()
    bench.done(bench.client.add_instance_protection(id=id_))
    message = refused(lambda: bench.client.delete_instance(id=id_), 403)
    assert message == f"Operation delete-instance on resource {id_} is forbidden - reason: manual instance protection"
    assert bench.instance(id_)["state"] == "running"


def test_one_that_could_not_be_deleted_is_as_before(bench: Pools) -> None:
    id_ = bench.stopped()
    before = bench.instance(id_)
    bench.cloud.faults.arm(Fault("delete-instance", "failure"))
    with pytest.raises(OperationEnded):
        bench.done(bench.client.delete_instance(id=id_))
    assert bench.instance(id_) == before


def test_an_instance_of_another_zone_is_not_found(bench: Pools, connected: Callable[..., SandboxClient]) -> None:
    id_ = bench.machine()
    assert id_ in refused(lambda: connected(zone="at-vie-1").delete_instance(id=id_), 404)


def test_a_volume_is_not_attached_to_an_instance_that_is_too_small(bench: Pools) -> None:
    micro = bench.machine(instance_type={"id": identity("instance-type", "standard.micro")})
    volume = bench.done(bench.client.create_block_storage_volume(name="data"))
    attach = bench.client.attach_block_storage_volume_to_instance
    assert "too small" in refused(lambda: attach(id=volume, instance={"id": micro}), 409)


@pytest.mark.parametrize("labels", ["a:b", "a", "=b", '{"a":"b"}'])
def test_labels_are_asked_for_in_one_way_only(bench: Pools, labels: str) -> None:
    bench.machine(labels={"a": "b"})
    assert "key=value" in refused(lambda: bench.client.list_instances(labels=labels), 400)
