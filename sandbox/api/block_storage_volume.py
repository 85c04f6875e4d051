"""Block storage volumes: disks that outlive instances. Deleting an instance detaches its volumes."""

from sandbox.api import quota
from sandbox.api.catalogue import instance_type
from sandbox.api.errors import BadRequest, Conflict, OperationFailed
from sandbox.api.lifecycle import error_on_failure, refuse_unless_settled, subject
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "block-storage"
SNAPSHOT = "block-storage-snapshot"
INSTANCE = "instance"

# The documentation's limits of block storage [2026]; the default is the provider's (docs/exoscale.md, Volumes).
BLOCK_SIZE = 4096
DEFAULT_SIZE_GIB, LARGEST_SIZE_GIB = 10, 10 * 1024
MOST_ATTACHED = 5
TOO_SMALL = ("micro", "tiny")  # instances smaller than `small` take no volume

SETTLED = ("attached", "detached", "error")


@operation("list-block-storage-volumes")
def list_(cloud: Cloud, call: Call) -> Document:
    volumes = cloud.store.list(KIND, call.zone)
    if "instance-id" in call.query:
        volumes = [volume for volume in volumes if _instance_id(volume) == call.query["instance-id"]]
    return {"block-storage-volumes": [shown(cloud, volume) for volume in volumes]}


@operation("get-block-storage-volume")
def get(cloud: Cloud, call: Call) -> Document:
    return shown(cloud, find(cloud, KIND, call.path["id"], call.zone))


@operation("create-block-storage-volume")
def create(cloud: Cloud, call: Call) -> Document:
    """Names may repeat: the real driver looks for its own before it asks, "since create is not idempotent"."""
    body = {key: value for key, value in call.body.items() if key != SNAPSHOT}
    size, least = body.get("size", DEFAULT_SIZE_GIB), 1
    if SNAPSHOT in call.body:
        least = find(cloud, SNAPSHOT, call.body[SNAPSHOT]["id"], call.zone)["volume-size"]
        size = body.get("size", least)
    _check_size(size, least)
    quota.check(cloud, "block-storage-volume")
    volume = {
        "id": cloud.ids.uuid(),
        "labels": {},  # the provider distinguishes a missing value from an empty one
        **body,
        "size": size,
        "blocksize": BLOCK_SIZE,
        "created-at": cloud.clock.timestamp(),
        "state": "creating",
        "_zone": call.zone,
    }
    cloud.store.put(KIND, volume)
    return _start(cloud, call, volume)


@operation("update-block-storage-volume")
def update(cloud: Cloud, call: Call) -> Document:
    return _start(cloud, call, settled(cloud, call), call.body)


@operation("attach-block-storage-volume-to-instance")
def attach(cloud: Cloud, call: Call) -> Document:
    volume = settled(cloud, call)
    instance = find(cloud, INSTANCE, call.body["instance"]["id"], call.zone)
    if _instance_id(volume):
        raise Conflict("Volume already attached")
    _refuse_unfit(cloud, instance)
    volume |= {"state": "attaching", "instance": {"id": instance["id"]}}
    cloud.store.put(KIND, volume)
    return _start(cloud, call, volume)


@operation("detach-block-storage-volume")
def detach(cloud: Cloud, call: Call) -> Document:
    volume = settled(cloud, call)
    if not _instance_id(volume):
        raise Conflict("Volume not attached")  # the real text: its clients look for it (docs/exoscale.md, Volumes)
    volume["state"] = "detaching"
    cloud.store.put(KIND, volume)
    return _start(cloud, call, volume)


@operation("resize-block-storage-volume")
def resize(cloud: Cloud, call: Call) -> Document:
    """Returns the volume, not an operation (docs/exoscale.md, Operations)."""
    volume = settled(cloud, call)
    if _instance_id(volume):
        raise Conflict("Volume is attached: detach it to resize it")  # the real driver says that it must be
    _check_size(call.body["size"], volume["size"] + 1)
    volume["size"] = call.body["size"]
    cloud.store.put(KIND, volume)
    return shown(cloud, volume)


@operation("delete-block-storage-volume")
def delete(cloud: Cloud, call: Call) -> Document:
    volume = settled(cloud, call)
    if cloud.rules.attached_volume_refused and _instance_id(volume):
        raise Conflict(f"Block storage volume {volume['id']} is attached to instance {_instance_id(volume)}")
    if cloud.rules.volume_with_snapshots_refused and snapshots(cloud, volume["id"]):
        raise Conflict(f"Block storage volume {volume['id']} has snapshots")
    cloud.store.put(KIND, {**volume, "state": "deleting"})
    return _start(cloud, call, volume)


@effect("create-block-storage-volume", "finish")
@effect("update-block-storage-volume", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    volume = {**subject(cloud, KIND, operation), **operation["_args"]}
    if volume["state"] == "creating":
        volume["state"] = "detached"
    cloud.store.put(KIND, volume)


@effect("attach-block-storage-volume-to-instance", "finish")
def attached(cloud: Cloud, operation: Document) -> None:
    volume = subject(cloud, KIND, operation)
    if not _instance_id(volume):
        raise OperationFailed("not-found", "the instance is gone")
    cloud.store.put(KIND, {**volume, "state": "attached"})


@effect("attach-block-storage-volume-to-instance", "failed")
@effect("detach-block-storage-volume", "finish")
def let_go(cloud: Cloud, operation: Document) -> None:
    volume = cloud.store.get(KIND, operation["reference"]["id"])
    if volume:
        _let_go(cloud, volume)


@effect("delete-block-storage-volume", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    cloud.store.delete(KIND, operation["reference"]["id"])


@effect("detach-block-storage-volume", "failed")
@effect("delete-block-storage-volume", "failed")
def restored(cloud: Cloud, operation: Document) -> None:
    settle(cloud, operation["reference"]["id"])


error_on_failure(KIND, "create-block-storage-volume")


def settled(cloud: Cloud, call: Call) -> Document:
    """Returns the volume in the path, ready for a change.

    Raises:
        Conflict: another operation on it is in progress.
    """
    volume = find(cloud, KIND, call.path["id"], call.zone)
    refuse_unless_settled(KIND, volume, SETTLED)
    return volume


def settle(cloud: Cloud, volume_id: str) -> None:
    """Ends a transition: attached if it has an instance, otherwise detached. Does nothing if the volume is gone."""
    volume = cloud.store.get(KIND, volume_id)
    if volume:
        cloud.store.put(KIND, {**volume, "state": "attached" if _instance_id(volume) else "detached"})


def release(cloud: Cloud, instance_id: str) -> None:
    """Detaches the volumes of an instance being deleted. They stay and keep costing money: a user of the real cloud
    saw such a deletion succeed (tf#341, 2024-04); that the volumes stay is assumed."""
    for volume in cloud.store.where(KIND, "instance.id", instance_id):
        _let_go(cloud, volume)


def snapshots(cloud: Cloud, volume_id: str) -> list[Document]:
    """Returns the snapshots of a volume, in every state."""
    return cloud.store.where(SNAPSHOT, "block-storage-volume.id", volume_id)


def shown(cloud: Cloud, volume: Document) -> Document:
    """Returns the volume as the API shows it, with its snapshots if it has any."""
    references = [{"id": snapshot["id"]} for snapshot in snapshots(cloud, volume["id"])]
    return {**public(volume), **({"block-storage-snapshots": references} if references else {})}


def _let_go(cloud: Cloud, volume: Document) -> None:
    state = "detached" if volume["state"] in ("attached", "attaching", "detaching") else volume["state"]
    free = {key: value for key, value in volume.items() if key != "instance"}
    cloud.store.put(KIND, {**free, "state": state})


def _start(cloud: Cloud, call: Call, volume: Document, changes: Document | None = None) -> Document:
    return cloud.operations.start(call.operation_id, KIND, volume["id"], call.zone, changes)


def _instance_id(volume: Document) -> str:
    return str((volume.get("instance") or {}).get("id", ""))


def _refuse_unfit(cloud: Cloud, instance: Document) -> None:
    if instance["state"] not in ("running", "stopped"):
        raise Conflict(f"Instance {instance['id']} is busy: {instance['state']}")
    size = instance_type(instance["instance-type"]["id"])["size"]
    if size in TOO_SMALL:
        raise Conflict(f"Instance {instance['id']} is too small for a block storage volume: {size}")
    if len(cloud.store.where(KIND, "instance.id", instance["id"])) >= MOST_ATTACHED:
        raise Conflict(f"Instance {instance['id']} has {MOST_ATTACHED} block storage volumes, the most there can be")


def _check_size(size: int, least: int) -> None:
    if not least <= size <= LARGEST_SIZE_GIB:
        raise BadRequest(f"size {size} must be between {least} and {LARGEST_SIZE_GIB} GiB")
