"""The controller part of Exoscale's CSI driver: carries out the sidecars' calls through the zone's API.

It follows `driver/controller.go` of exoscale/exoscale-csi-driver: handles are `zone/id`, volumes have a name and no
label, and the driver looks for a volume by name before it makes one, since the API would make a second one.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.controllers.exoscale import Exoscale, ExoscaleError

NAME = "csi.exoscale.com"
ZONE_TOPOLOGY = f"topology.{NAME}/zone"
GIB = 1024**3
NOT_FOUND = 404


class DriverError(Exception):
    """A call of the driver failed; the text is that of its gRPC error."""

    def __init__(self, message: str, code: str = "Unknown") -> None:
        super().__init__(f"rpc error: code = {code} desc = {message}")


class Driver:
    """The driver of one cluster. Every call is safe to repeat.

    Args:
        cloud: the zone's API.
        zone: zone for volumes.
    """

    def __init__(self, cloud: Exoscale, zone: str) -> None:
        self._cloud = cloud
        self._zone = zone

    @property
    def zone(self) -> str:
        """Returns the zone in which its volumes are accessible."""
        return self._zone

    def create_volume(self, name: str, size_bytes: int) -> str:
        """Finds or makes the volume of that name; returns its handle.

        Raises:
            DriverError: the API refused, or the size is not in whole GiB.
        """
        with _over_grpc():
            for volume in self._cloud.call("list-block-storage-volumes")["block-storage-volumes"]:
                if volume.get("name") == name:
                    return self._handle(volume["id"])
            if size_bytes % GIB:
                raise DriverError(f"requested size in bytes cannot be exactly converted to GiB: {size_bytes}")
            return self._handle(self._cloud.change("create-block-storage-volume", name=name, size=size_bytes // GIB))

    def delete_volume(self, handle: str) -> None:
        """Deletes the volume; succeeds if it is gone."""
        with _over_grpc(NOT_FOUND):
            self._cloud.change("delete-block-storage-volume", id=_id(handle))

    def publish(self, handle: str, node_id: str) -> dict[str, str]:
        """Attaches the volume to a node's instance, unless it is attached; returns what the driver's node part
        needs."""
        with _over_grpc():
            volume = self._cloud.call("get-block-storage-volume", id=_id(handle))
            if (volume.get("instance") or {}).get("id") != _id(node_id):
                instance = {"id": _id(node_id)}
                self._cloud.change("attach-block-storage-volume-to-instance", id=volume["id"], instance=instance)
        return {
            f"{NAME}/volume-id": volume["id"],
            f"{NAME}/volume-name": volume.get("name", ""),
            f"{NAME}/volume-zone": self._zone,
        }

    def unpublish(self, handle: str) -> None:
        """Detaches the volume; succeeds if it is gone.

        It fails if somebody detached the volume by hand: the driver means to accept that, but compares a text that its
        client never returns, so the attachment stays for ever (docs/exoscale.md, Volumes).
        """
        with _over_grpc(NOT_FOUND):
            self._cloud.change("detach-block-storage-volume", id=_id(handle))

    def _handle(self, volume_id: str) -> str:
        return f"{self._zone}/{volume_id}"


@contextmanager
def _over_grpc(*fine: int) -> Iterator[None]:
    """Turns the API's refusals into gRPC errors, without their reasons; ignores those with a status in `fine`."""
    try:
        yield
    except ExoscaleError as error:
        if error.status not in fine:
            raise DriverError(error.bare) from None


def _id(handle: str) -> str:
    parts = handle.split("/")
    if len(parts) != 2:
        raise DriverError("malformed exoscale id")
    return parts[1]
