"""A bench with volumes on it, and the instances of one nodepool to attach them to."""

from typing import Any

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.sks_bench import Bench


class Store(Bench):
    """The official client, a nodepool of two, and volumes."""

    def __init__(self, cloud: Cloud, client: SandboxClient) -> None:
        super().__init__(cloud, client)
        self.cluster_id = self.cluster()
        self.nodes = self.nodepool(self.cluster_id)

    def volume(self, name: str = "data", **body: Any) -> str:
        """A new, free volume."""
        return self.done(self.client.create_block_storage_volume(name=name, **body))

    def shown(self, volume_id: str) -> dict[str, Any]:
        """The volume on the wire."""
        found: dict[str, Any] = self.client.get_block_storage_volume(id=volume_id)
        return found

    def attach(self, volume_id: str, instance_id: str) -> dict[str, Any]:
        """The pending operation that attaches a volume."""
        operation: dict[str, Any] = self.client.attach_block_storage_volume_to_instance(
            id=volume_id, instance={"id": instance_id}
        )
        return operation

    def attached(self, instance_id: str) -> str:
        """A new volume, attached."""
        return self.done(self.attach(self.volume(), instance_id))

    def snapshot(self, volume_id: str, **body: Any) -> str:
        """A new snapshot."""
        return self.done(self.new_snapshot(volume_id, **body))

    def new_snapshot(self, volume_id: str, **body: Any) -> dict[str, Any]:
        """The pending operation that takes a snapshot. The document wants a body, be it empty; the client sends
        none then."""
        wanted = body or {"labels": {"by": "test"}}
        operation: dict[str, Any] = self.client.create_block_storage_snapshot(id=volume_id, **wanted)
        return operation

    def instance_id(self, which: int = 0) -> str:
        """Id of one of the nodepool's two instances."""
        return str(self.instances(self.nodes["instance-pool"]["id"])[which]["id"])
