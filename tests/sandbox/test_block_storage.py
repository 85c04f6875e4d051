"""The life of block storage volumes and of their snapshots, seen by the official client."""

from collections.abc import Callable

import pytest

from sandbox.api import block_storage_volume as volumes
from sandbox.client import OperationEnded, SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.block_storage_bench import Store
from tests.sandbox.sks_bench import busy, refused


@pytest.fixture
def store(cloud: Cloud, client: SandboxClient) -> Store:
    return Store(cloud, client)


def test_a_new_volume_is_creating_until_its_operation_ends(store: Store) -> None:
    started = store.client.create_block_storage_volume(name="data", size=20, labels={"a": "b"})
    id_ = started["reference"]["id"]
    assert (started["state"], started["reference"]["link"]) == ("pending", f"/v2/block-storage/{id_}")
    creating = store.shown(id_)
    assert creating == {
        "id": id_,
        "name": "data",
        "size": 20,
        "labels": {"a": "b"},
        "blocksize": 4096,
        "created-at": creating["created-at"],
        "state": "creating",
    }
    assert store.done(started) == id_
    assert store.shown(id_) == {**creating, "state": "detached"}
    assert store.client.list_block_storage_volumes() == {"block-storage-volumes": [store.shown(id_)]}


def test_volumes_are_of_one_zone_and_are_not_seen_from_another(
    store: Store, connected: Callable[..., SandboxClient]
) -> None:
    id_ = store.volume()
    snapshot = store.snapshot(id_)
    elsewhere = connected(zone="at-vie-1")
    assert elsewhere.list_block_storage_volumes() == {"block-storage-volumes": []}
    assert elsewhere.list_block_storage_snapshots() == {"block-storage-snapshots": []}
    refused(lambda: elsewhere.get_block_storage_volume(id=id_), 404)
    refused(lambda: elsewhere.get_block_storage_snapshot(id=snapshot), 404)


def test_two_volumes_may_have_one_name(store: Store) -> None:
    assert store.volume("twin") != store.volume("twin")


def test_name_and_labels_can_be_changed(store: Store) -> None:
    id_ = store.volume(labels={"a": "b"})
    store.done(store.client.update_block_storage_volume(id=id_, labels={"c": "d"}))
    assert (store.shown(id_)["name"], store.shown(id_)["labels"]) == ("data", {"c": "d"})
    store.done(store.client.update_block_storage_volume(id=id_, name="other"))
    assert (store.shown(id_)["name"], store.shown(id_)["labels"]) == ("other", {"c": "d"})


def test_an_attached_volume_shows_its_instance_until_it_is_detached(store: Store) -> None:
    free, instance = store.volume(), store.instance_id()
    id_ = store.volume()
    attaching = store.attach(id_, instance)
    assert store.shown(id_)["state"] == "attaching"
    store.done(attaching)
    assert (store.shown(id_)["state"], store.shown(id_)["instance"]) == ("attached", {"id": instance})
    held = store.client.list_block_storage_volumes(instance_id=instance)["block-storage-volumes"]
    assert [volume["id"] for volume in held] == [id_]

    detaching = store.client.detach_block_storage_volume(id=id_)
    assert store.shown(id_)["state"] == "detaching"
    store.done(detaching)
    assert store.shown(id_)["state"] == "detached"
    assert "instance" not in store.shown(id_)
    assert store.shown(free)["state"] == "detached"


def test_a_resize_answers_the_volume_and_only_grows_a_free_one(store: Store) -> None:
    id_ = store.volume(size=10)
    grown = store.client.resize_block_storage_volume(id=id_, size=11)
    assert grown == store.shown(id_)
    assert grown["size"] == 11
    assert "between 12 and 10240" in refused(lambda: store.client.resize_block_storage_volume(id=id_, size=11), 400)
    store.done(store.attach(id_, store.instance_id()))
    assert "detach it" in refused(lambda: store.client.resize_block_storage_volume(id=id_, size=20), 409)


def test_a_deleted_volume_is_gone(store: Store) -> None:
    id_ = store.volume()
    deleting = store.client.delete_block_storage_volume(id=id_)
    assert store.shown(id_)["state"] == "deleting"
    store.done(deleting)
    refused(lambda: store.shown(id_), 404)
    refused(lambda: store.client.delete_block_storage_volume(id=id_), 404)


def test_the_volumes_of_an_instance_outlive_its_nodepool(store: Store) -> None:
    id_ = store.attached(store.instance_id())
    store.done(store.client.delete_sks_nodepool(id=store.cluster_id, sks_nodepool_id=store.nodes["id"]))
    assert store.shown(id_)["state"] == "detached"
    assert "instance" not in store.shown(id_)


def test_a_pool_that_shrinks_lets_go_of_the_volumes_of_those_that_went(store: Store) -> None:
    kept, lost = (store.attached(store.instance_id(which)) for which in (0, 1))
    store.done(store.client.scale_sks_nodepool(id=store.cluster_id, sks_nodepool_id=store.nodes["id"], size=1))
    assert store.shown(kept)["state"] == "attached"
    assert store.shown(lost)["state"] == "detached"


def test_volumes_and_snapshots_outlive_their_cluster(store: Store) -> None:
    id_ = store.attached(store.instance_id())
    snapshot = store.snapshot(id_)
    store.cloud.rules.cluster_with_nodepools_refused = False
    store.done(store.client.delete_sks_cluster(id=store.cluster_id))
    assert store.shown(id_)["state"] == "detached"
    assert store.client.get_block_storage_snapshot(id=snapshot)["state"] == "created"


def test_a_volume_whose_instance_goes_before_it_is_attached_is_free_and_the_operation_fails(store: Store) -> None:
    id_, instance = store.volume(), store.instance_id()
    attaching = store.attach(id_, instance)
    volumes.release(store.cloud, instance)
    with pytest.raises(OperationEnded, match="the instance is gone"):
        store.done(attaching)
    assert store.shown(id_)["state"] == "detached"


def test_a_snapshot_is_taken_listed_labelled_and_deleted(store: Store) -> None:
    id_ = store.attached(store.instance_id())
    started = store.new_snapshot(id_, name="nightly")
    snapshot = started["reference"]["id"]
    assert started["reference"]["link"] == f"/v2/block-storage-snapshot/{snapshot}"
    assert store.shown(id_)["state"] == "snapshotting"
    assert store.client.get_block_storage_snapshot(id=snapshot)["state"] == "creating"
    store.done(started)

    assert store.shown(id_)["state"] == "attached"
    assert store.shown(id_)["block-storage-snapshots"] == [{"id": snapshot}]
    shown = store.client.get_block_storage_snapshot(id=snapshot)
    assert store.client.list_block_storage_snapshots() == {"block-storage-snapshots": [shown]}
    assert (shown["name"], shown["state"], shown["volume-size"]) == ("nightly", "created", 10)
    assert shown["block-storage-volume"] == {"id": id_}

    store.done(store.client.update_block_storage_snapshot(id=snapshot, labels={"a": "b"}))
    assert store.client.get_block_storage_snapshot(id=snapshot)["labels"] == {"a": "b"}
    deleting = store.client.delete_block_storage_snapshot(id=snapshot)
    assert store.client.get_block_storage_snapshot(id=snapshot)["state"] == "destroying"
    busy(lambda: store.client.delete_block_storage_snapshot(id=snapshot))
    store.done(deleting)
    assert store.client.list_block_storage_snapshots() == {"block-storage-snapshots": []}
    assert "block-storage-snapshots" not in store.shown(id_)


def test_a_snapshot_without_a_name_is_called_after_its_volume(store: Store) -> None:
    snapshot = store.snapshot(store.volume("db"))
    assert store.client.get_block_storage_snapshot(id=snapshot)["name"].startswith("db_20")


def test_a_volume_made_from_a_snapshot_is_at_least_as_large(store: Store) -> None:
    source = {"id": store.snapshot(store.volume(size=30))}
    assert store.shown(store.volume("copy", block_storage_snapshot=source))["size"] == 30
    assert store.shown(store.volume("larger", size=40, block_storage_snapshot=source))["size"] == 40

    def smaller() -> object:
        return store.client.create_block_storage_volume(name="less", size=29, block_storage_snapshot=source)

    assert "between 30 and" in refused(smaller, 400)


@pytest.mark.parametrize(
    ("operation", "before", "after"),
    [
        ("create-block-storage-volume", "", "error"),
        ("attach-block-storage-volume-to-instance", "detached", "detached"),
        ("detach-block-storage-volume", "attached", "attached"),
        ("delete-block-storage-volume", "detached", "detached"),
        ("create-block-storage-snapshot", "attached", "attached"),
    ],
)
def test_a_failed_operation_leaves_a_volume_as_it_was(store: Store, operation: str, before: str, after: str) -> None:
    client, instance = store.client, store.instance_id()
    id_ = {"": lambda: "", "detached": store.volume, "attached": lambda: store.attached(instance)}[before]()
    store.cloud.faults.arm(Fault(operation, "failure", message="no"))
    started = {
        "create-block-storage-volume": lambda: client.create_block_storage_volume(name="data"),
        "attach-block-storage-volume-to-instance": lambda: store.attach(id_, instance),
        "detach-block-storage-volume": lambda: client.detach_block_storage_volume(id=id_),
        "delete-block-storage-volume": lambda: client.delete_block_storage_volume(id=id_),
        "create-block-storage-snapshot": lambda: store.new_snapshot(id_),
    }[operation]()
    with pytest.raises(OperationEnded, match="no"):
        store.done(started)
    (volume,) = client.list_block_storage_volumes()["block-storage-volumes"]
    assert volume["state"] == after
    assert ("instance" in volume) == (after == "attached")


def test_the_quota_counts_the_volumes(store: Store) -> None:
    store.volume()
    assert store.client.get_quota(entity="block-storage-volume")["usage"] == 1
