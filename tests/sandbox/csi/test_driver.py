"""The CSI driver's calls against the simulated API, without a cluster."""

from collections.abc import Iterator

import pytest

from sandbox.controllers.exoscale import Exoscale
from sandbox.controllers.gate import Gate
from sandbox.csi.driver import GIB, NAME, Driver, DriverError
from sandbox.faults import Fault
from sandbox.store import Document
from tests.sandbox.ccm.world import ZONE, World

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def driver(world: World) -> Iterator[Driver]:
    """Of a cluster in that world."""
    cloud = Exoscale(world.api.url, world.key["key"], world.key["_secret"], ZONE, 0.005, 0.001, Gate())
    yield Driver(cloud, ZONE)
    cloud.close()


@pytest.fixture
def world() -> Iterator[World]:
    """With a key of a CSI driver."""
    world = World("any")
    world.key["name"] = "sks-csi-any"
    with world.api:
        yield world


def volumes(world: World) -> list[Document]:
    return world.cloud.store.list("block-storage")


def test_a_volume_is_made_once_under_its_name_without_labels(world: World, driver: Driver) -> None:
    handle = driver.create_volume("pvc-1", 20 * GIB)
    assert driver.create_volume("pvc-1", 20 * GIB) == handle
    (volume,) = volumes(world)
    assert handle == f"{ZONE}/{volume['id']}"
    assert (volume["name"], volume["size"], volume["state"]) == ("pvc-1", 20, "detached")
    assert volume["labels"] == {}


def test_a_lost_reply_leaves_a_second_volume_of_that_name(world: World, driver: Driver) -> None:
    world.cloud.faults.arm(Fault("create-block-storage-volume", "lose-reply"))
    handle = driver.create_volume("pvc-1", GIB)
    assert [volume["name"] for volume in volumes(world)] == ["pvc-1", "pvc-1"]
    assert handle == f"{ZONE}/{volumes(world)[1]['id']}"


def test_a_size_that_is_no_whole_gib_is_refused(world: World, driver: Driver) -> None:
    with pytest.raises(DriverError, match=r"^rpc error: code = Unknown desc = requested size .* to GiB: 1000000000$"):
        driver.create_volume("pvc-1", 10**9)
    assert volumes(world) == []


def test_a_volume_is_published_on_one_node_and_unpublished(world: World, driver: Driver) -> None:
    pool = world.pool()
    node, other = (f"{ZONE}/{world.instance(pool)['id']}" for _ in range(2))
    handle = driver.create_volume("pvc-1", GIB)
    for _ in range(2):  # it may be repeated
        told = driver.publish(handle, node)
    (volume,) = volumes(world)
    assert told == {f"{NAME}/volume-id": volume["id"], f"{NAME}/volume-name": "pvc-1", f"{NAME}/volume-zone": ZONE}
    assert volume["instance"]["id"] == node.removeprefix(f"{ZONE}/")
    with pytest.raises(DriverError, match=r"Conflict$"):
        driver.publish(handle, other)
    driver.unpublish(handle)
    assert volumes(world)[0]["state"] == "detached"
    with pytest.raises(DriverError, match=r"DetachBlockStorageVolume: http response: Conflict$"):
        driver.unpublish(handle)  # it does not hear that the volume is free already
    driver.publish(handle, other)


def test_what_is_gone_is_well_for_who_detaches_or_deletes_it(world: World, driver: Driver) -> None:
    handle = driver.create_volume("pvc-1", GIB)
    for _ in range(2):
        driver.delete_volume(handle)
    driver.unpublish(handle)
    assert volumes(world) == []
    with pytest.raises(DriverError, match=r"Not Found$"):
        driver.publish(handle, f"{ZONE}/{NOWHERE}")


def test_a_refusal_loses_its_words(world: World, driver: Driver) -> None:
    handle = driver.create_volume("pvc-1", GIB)
    world.cloud.faults.arm(Fault("delete-block-storage-volume", "status", status=403, message="no"))
    refusal = "rpc error: code = Unknown desc = DeleteBlockStorageVolume: http response: Forbidden"
    with pytest.raises(DriverError) as told:
        driver.delete_volume(handle)
    assert str(told.value) == refusal
    with pytest.raises(DriverError, match="malformed exoscale id"):
        driver.delete_volume("no-handle")
