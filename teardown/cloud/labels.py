"""The block storage of a stack that no Pulumi resource stands for: volumes of PersistentVolumeClaims, and snapshots."""

import contextlib
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from teardown.account import Account, Document, NotFound
from teardown.errors import TeardownError
from teardown.owner import Owner

POLICIES = ("refuse", "delete", "keep")
OVERRIDE = "STORAGE_ON_DESTROY"
KEEP = {"on-destroy": "keep"}
FREE_ALREADY = "Volume not attached"  # how Exoscale ends the refusal to detach a free volume (facts §3)


def override() -> str | None:
    """The policy that the environment sets for this one run; None where it sets none.

    Raises:
        TeardownError: it is no policy.
    """
    policy = os.environ.get(OVERRIDE) or None
    if policy not in (None, *POLICIES):
        raise TeardownError(f'{OVERRIDE} is "{policy}"; allowed: {", ".join(POLICIES)}')
    return policy


@dataclass(frozen=True)
class Volumes:
    """What was found, as the API shows it."""

    volumes: tuple[Document, ...] = ()
    snapshots: tuple[Document, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.volumes or self.snapshots)

    def lines(self) -> list[str]:
        """Each on a line, with its id."""
        return [f"volume {one['id']} ({one['name']}, {one['size']} GiB)" for one in self.volumes] + [
            f"snapshot {one['id']} ({one['name']})" for one in self.snapshots
        ]


def find(account: Account, owner: Owner, pool_ids: Collection[str], ids: Collection[str] = ()) -> Volumes:
    """Volumes and snapshots that are provably the stack's: by its label, attached to one of its machines, or named
    by a PersistentVolume of its cluster.

    Args:
        pool_ids: the stack's instance pools.
        ids: what the cluster's PersistentVolumes name.
    """
    machines = {
        instance["id"]
        for instance in account.call(account.list_instances)["instances"]
        if instance.get("manager", {}).get("id") in pool_ids
    }
    volumes = tuple(
        volume
        for volume in account.call(account.list_block_storage_volumes)["block-storage-volumes"]
        if owner.owns(volume) or volume["id"] in ids or volume.get("instance", {}).get("id") in machines
    )
    theirs = {volume["id"] for volume in volumes}
    snapshots = tuple(
        snapshot
        for snapshot in account.call(account.list_block_storage_snapshots)["block-storage-snapshots"]
        if owner.owns(snapshot) or snapshot.get("block-storage-volume", {}).get("id") in theirs
    )
    return Volumes(volumes, snapshots)


def claim(account: Account, owner: Owner, found: Volumes, keep: bool) -> None:
    """Labels them as the stack's, for nothing else will say so when the cluster is gone.

    Args:
        keep: whether they are meant to stay.
    """
    for document, update in _each(account, found):
        old = document.get("labels") or {}
        wanted = {key: value for key, value in old.items() if key not in KEEP} | owner.labels | (KEEP if keep else {})
        if wanted != old:
            _finish(account, update, document["id"], labels=wanted)


def remove(account: Account, found: Volumes) -> None:
    """Deletes snapshots, then volumes, attached or not; what is gone already is fine."""
    for snapshot in found.snapshots:
        _finish(account, account.delete_block_storage_snapshot, snapshot["id"])
    for volume in found.volumes:
        detach(account, volume["id"])
        _finish(account, account.delete_block_storage_volume, volume["id"])


def detach(account: Account, volume_id: str) -> None:
    """Takes the volume off its machine, where it is on one."""
    try:
        _finish(account, account.detach_block_storage_volume, volume_id)
    except TeardownError as error:
        if not str(error).endswith(FREE_ALREADY):
            raise


def _each(account: Account, found: Volumes) -> list[tuple[Document, Callable[..., Any]]]:
    return [(volume, account.update_block_storage_volume) for volume in found.volumes] + [
        (snapshot, account.update_block_storage_snapshot) for snapshot in found.snapshots
    ]


def _finish(account: Account, method: Callable[..., Any], id_: str, **arguments: Any) -> None:
    with contextlib.suppress(NotFound):
        account.finish(method, id=id_, **arguments)
