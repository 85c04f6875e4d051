"""A bench with instance pools of one's own on it, which no nodepool manages, and instances that no pool manages."""

from typing import Any

from sandbox.api.catalogue import identity
from tests.sandbox.sks_bench import SMALL, Bench

TEMPLATE = {"id": identity("template", "Linux Ubuntu 24.04 LTS 64-bit")}


class Pools(Bench):
    """The official client, and pools."""

    def new_pool(self, **body: Any) -> dict[str, Any]:
        """The pending operation that creates a pool."""
        wanted = {"name": "web", "size": 2, "disk_size": 10, "instance_type": SMALL, "template": TEMPLATE, **body}
        operation: dict[str, Any] = self.client.create_instance_pool(**wanted)
        return operation

    def pool(self, **body: Any) -> dict[str, Any]:
        """A running pool."""
        return self.shown_pool(self.done(self.new_pool(**body)))

    def shown_pool(self, pool_id: str) -> dict[str, Any]:
        """A pool on the wire."""
        found: dict[str, Any] = self.client.get_instance_pool(id=pool_id)
        return found

    def member(self, **body: Any) -> dict[str, Any]:
        """The one instance of a new pool."""
        (instance,) = self.instances(self.pool(size=1, **body)["id"])
        return instance

    def instance(self, id_: str) -> dict[str, Any]:
        """An instance on the wire."""
        found: dict[str, Any] = self.client.get_instance(id=id_)
        return found

    def new_machine(self, **body: Any) -> dict[str, Any]:
        """The pending operation that creates an instance by itself."""
        wanted = {"name": "web", "disk_size": 10, "instance_type": SMALL, "template": TEMPLATE, **body}
        operation: dict[str, Any] = self.client.create_instance(**wanted)
        return operation

    def machine(self, **body: Any) -> str:
        """A new instance that stands by itself and runs, unless it is not to start."""
        return self.done(self.new_machine(**body))

    def stopped(self, **body: Any) -> str:
        """A new one that does not run."""
        return self.machine(auto_start=False, **body)
