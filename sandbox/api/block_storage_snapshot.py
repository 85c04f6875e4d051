"""Snapshots of block storage volumes. Each costs money until it is deleted, even if its volume is gone."""

from datetime import UTC, datetime

from sandbox.api import block_storage_volume as volumes
from sandbox.api.errors import Conflict
from sandbox.api.lifecycle import error_on_failure, refuse_unless_settled, set_state, subject
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = volumes.SNAPSHOT
MOST_OF_A_VOLUME = 20  # the documentation's overview of block storage [2026]
SETTLED = ("created", "error")


@operation("list-block-storage-snapshots")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"block-storage-snapshots": [public(snapshot) for snapshot in cloud.store.list(KIND, call.zone)]}


@operation("get-block-storage-snapshot")
def get(cloud: Cloud, call: Call) -> Document:
    return public(find(cloud, KIND, call.path["id"], call.zone))


@operation("create-block-storage-snapshot")
def create(cloud: Cloud, call: Call) -> Document:
    """The operation's reference is the snapshot: the real driver reads it there."""
    volume = volumes.settled(cloud, call)
    if len(volumes.snapshots(cloud, volume["id"])) >= MOST_OF_A_VOLUME:
        raise Conflict(f"Block storage volume {volume['id']} has {MOST_OF_A_VOLUME} snapshots, the most there can be")
    taken = datetime.fromtimestamp(cloud.clock.now(), UTC)
    snapshot = {
        "id": cloud.ids.uuid(),
        "name": f"{volume.get('name', volume['id'])}_{taken:%Y%m%d%H%M%S}",  # default name, as in cli#574
        **call.body,
        "size": volume["size"],  # the real size is the difference from the snapshot before; nothing is written here
        "volume-size": volume["size"],
        "created-at": cloud.clock.timestamp(),
        "state": "creating",
        "block-storage-volume": {"id": volume["id"]},
        "_zone": call.zone,
    }
    cloud.store.put(KIND, snapshot)
    set_state(cloud, volumes.KIND, volume["id"], "snapshotting")
    return cloud.operations.start(call.operation_id, KIND, snapshot["id"], call.zone)


@operation("update-block-storage-snapshot")
def update(cloud: Cloud, call: Call) -> Document:
    snapshot = _settled(cloud, call)
    return cloud.operations.start(call.operation_id, KIND, snapshot["id"], call.zone, call.body)


@operation("delete-block-storage-snapshot")
def delete(cloud: Cloud, call: Call) -> Document:
    snapshot = _settled(cloud, call)
    set_state(cloud, KIND, snapshot["id"], "destroying")
    return cloud.operations.start(call.operation_id, KIND, snapshot["id"], call.zone)


@effect("create-block-storage-snapshot", "finish")
def created(cloud: Cloud, operation: Document) -> None:
    snapshot = subject(cloud, KIND, operation)
    cloud.store.put(KIND, {**snapshot, "state": "created"})
    volumes.settle(cloud, snapshot["block-storage-volume"]["id"])


@effect("create-block-storage-snapshot", "failed")
def not_created(cloud: Cloud, operation: Document) -> None:
    snapshot = cloud.store.get(KIND, operation["reference"]["id"])
    if snapshot:
        cloud.store.put(KIND, {**snapshot, "state": "error"})
        volumes.settle(cloud, snapshot["block-storage-volume"]["id"])


@effect("update-block-storage-snapshot", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    cloud.store.put(KIND, {**subject(cloud, KIND, operation), **operation["_args"]})


@effect("delete-block-storage-snapshot", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    cloud.store.delete(KIND, operation["reference"]["id"])


error_on_failure(KIND, "delete-block-storage-snapshot")


def _settled(cloud: Cloud, call: Call) -> Document:
    snapshot = find(cloud, KIND, call.path["id"], call.zone)
    refuse_unless_settled(KIND, snapshot, SETTLED)
    return snapshot
