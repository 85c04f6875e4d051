"""What block storage refuses: status and words, seen by the official client."""

import pytest

from sandbox.api import block_storage_snapshot as snapshots
from sandbox.api import block_storage_volume as volumes
from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.block_storage_bench import Store
from tests.sandbox.sks_bench import NOWHERE, busy, refused


@pytest.fixture
def store(cloud: Cloud, client: SandboxClient) -> Store:
    return Store(cloud, client)


def test_detaching_a_free_volume_is_refused_in_the_words_that_clients_look_for(store: Store) -> None:
    id_ = store.volume()
    assert refused(lambda: store.client.detach_block_storage_volume(id=id_), 409).endswith("Volume not attached")


def test_an_attached_volume_cannot_be_deleted_by_assumption(store: Store) -> None:
    id_ = store.attached(store.instance_id())
    assert "is attached" in refused(lambda: store.client.delete_block_storage_volume(id=id_), 409)
    store.cloud.rules.attached_volume_refused = False
    store.done(store.client.delete_block_storage_volume(id=id_))


def test_a_volume_with_snapshots_cannot_be_deleted_by_assumption(store: Store) -> None:
    id_ = store.volume()
    snapshot = store.snapshot(id_)
    assert "has snapshots" in refused(lambda: store.client.delete_block_storage_volume(id=id_), 409)
    store.cloud.rules.volume_with_snapshots_refused = False
    store.done(store.client.delete_block_storage_volume(id=id_))
    assert store.client.get_block_storage_snapshot(id=snapshot)["block-storage-volume"] == {"id": id_}


def test_a_volume_is_attached_to_one_instance_that_exists_and_is_large_enough(store: Store) -> None:
    id_ = store.attached(store.instance_id())
    assert refused(lambda: store.attach(id_, store.instance_id(1)), 409) == "Volume already attached"
    free = store.volume()
    refused(lambda: store.attach(free, NOWHERE), 404)
    tiny = store.cloud.store.get("instance", store.instance_id(1))
    assert tiny
    size = next(kind for kind in store.client.list_instance_types()["instance-types"] if kind["size"] == "tiny")
    store.cloud.store.put("instance", {**tiny, "instance-type": {"id": size["id"]}})
    assert "too small" in refused(lambda: store.attach(free, tiny["id"]), 409)
    store.cloud.store.put("instance", {**tiny, "state": "destroying"})
    busy(lambda: store.attach(free, tiny["id"]))


def test_an_instance_holds_five_volumes_and_a_volume_has_twenty_snapshots(store: Store) -> None:
    ids = [store.attached(store.instance_id()) for _ in range(volumes.MOST_ATTACHED)]
    sixth = store.volume()
    assert "the most there can be" in refused(lambda: store.attach(sixth, store.instance_id()), 409)
    store.done(store.attach(sixth, store.instance_id(1)))
    for _ in range(snapshots.MOST_OF_A_VOLUME):
        store.snapshot(ids[0])
    assert "the most there can be" in refused(lambda: store.new_snapshot(ids[0]), 409)


def test_a_size_beyond_the_limit_is_refused(store: Store) -> None:
    assert "10240" in refused(lambda: store.client.create_block_storage_volume(name="huge", size=10241), 400)


def test_a_busy_volume_takes_no_second_change(store: Store) -> None:
    id_, instance = store.volume(), store.instance_id()
    store.attach(id_, instance)
    for call in (
        lambda: store.attach(id_, instance),
        lambda: store.client.detach_block_storage_volume(id=id_),
        lambda: store.client.delete_block_storage_volume(id=id_),
        lambda: store.client.resize_block_storage_volume(id=id_, size=20),
        lambda: store.new_snapshot(id_),
    ):
        busy(call)
