"""Longhorn's volumes. Their data is on the nodes' own disks and goes with the nodes, whatever a PersistentVolume says.

They are told by Longhorn's own kinds and by its CSI driver, whoever installed it (docs/plugins.md, Longhorn).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..cloud.account import Document
from .api_server import ApiServer

DRIVER = "driver.longhorn.io"
_PERSISTENT_VOLUMES = "/api/v1/persistentvolumes"
_VOLUMES = "/apis/longhorn.io/v1beta2/volumes"
_REPLICAS = "/apis/longhorn.io/v1beta2/replicas"


@dataclass(frozen=True)
class LonghornVolume:
    """A volume of Longhorn.

    Args:
        name: its name in Longhorn.
        claim: the PersistentVolumeClaim that uses it, as `namespace/name`; empty if none does.
    """

    name: str
    claim: str = ""

    def __str__(self) -> str:
        return f"Longhorn volume {self.name} ({self.claim or 'no claim'})"


def volumes(server: ApiServer) -> list[LonghornVolume]:
    """Returns all of them: those of PersistentVolumes, claimed or not, and those that Longhorn alone knows."""
    found = {one["metadata"]["name"]: "" for one in server.items(_VOLUMES)}
    for volume in server.items(_PERSISTENT_VOLUMES):
        source = volume["spec"].get("csi") or {}
        if source.get("driver") == DRIVER:
            found[source["volumeHandle"]] = _claim(volume)
    return [LonghornVolume(name, claim) for name, claim in sorted(found.items())]


def endangered(server: ApiServer, pools: Mapping[str, str], losses: Mapping[str, int]) -> list[LonghornVolume]:
    """Returns the volumes that would be left without a replica if these pools lost some of their nodes, whichever.

    Args:
        pools: the pool of each node, by the node's name.
        losses: how many nodes each pool loses, by its name.
    """
    homes: dict[str, list[str]] = {}
    for replica in server.items(_REPLICAS):
        spec = replica["spec"]
        if spec.get("nodeID") and not spec.get("failedAt"):
            homes.setdefault(spec.get("volumeName", ""), []).append(pools.get(spec["nodeID"], ""))

    def may_vanish(volume: LonghornVolume) -> bool:
        held = homes.get(volume.name, [])
        return all(held.count(pool) <= losses.get(pool, 0) for pool in held)

    return [volume for volume in volumes(server) if may_vanish(volume)]


def _claim(volume: Document) -> str:
    claim = volume["spec"].get("claimRef") or {}
    return f"{claim['namespace']}/{claim['name']}" if claim else ""
