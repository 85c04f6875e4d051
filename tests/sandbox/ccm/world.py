"""The simulated cloud over HTTP with an account's instances in it, and Services as the API server stores them."""

import uuid
from typing import Any

from sandbox.api import families
from sandbox.api.catalogue import identity
from sandbox.api.server import ApiServer
from sandbox.client import connect
from sandbox.cloud import Cloud
from sandbox.store import Document

ZONE = "ch-gva-2"

Object = dict[str, Any]


class World:
    """A cloud, its API, and an API key of a CCM.

    Args:
        cluster_id: whose CCM the key belongs to.
    """

    def __init__(self, cluster_id: str) -> None:
        families.load()
        self.cloud = Cloud()
        self.key = {"id": "EXOccm", "key": "EXOccm", "name": f"sks-ccm-{cluster_id}", "_secret": "secret"}
        self.cloud.store.put("api-key", self.key)
        self.api = ApiServer(self.cloud, admin_token="none")
        self._instances = 0

    def pool(self, **fields: object) -> Document:
        """A new, empty instance pool."""
        pool = {"id": self.cloud.ids.uuid(), "_zone": ZONE, "name": "pool", "state": "running", **fields}
        self.cloud.store.put("instance-pool", pool)
        return pool

    def instance(self, pool: Document, **fields: object) -> Document:
        """A new running instance of a pool."""
        self._instances += 1
        instance = {
            "id": self.cloud.ids.uuid(),
            "_zone": ZONE,
            "name": f"node-{self.cloud.ids.letters(5)}",
            "public-ip": f"203.0.113.{self._instances}",
            "instance-type": {"id": identity("instance-type", "standard.small")},
            "security-groups": [],
            "state": "running",
            "manager": {"id": pool["id"], "type": "instance-pool"},
            **fields,
        }
        self.cloud.store.put("instance", instance)
        return instance

    def own_load_balancer(self, name: str) -> Document:
        """A new load balancer that no CCM made."""
        client = connect(self.api.url, self.key["key"], self.key["_secret"], ZONE, poll_seconds=0.02)
        with client.http_client:
            id_ = client.wait(client.create_load_balancer(name=name)["id"])["reference"]["id"]
            found: Document = client.get_load_balancer(id=id_)
            return found

    def load_balancers(self) -> list[Document]:
        """All that the cloud holds."""
        with self.cloud.lock:
            return self.cloud.store.list("load-balancer")

    def only_load_balancer(self) -> Document:
        """The one that the cloud holds."""
        (found,) = self.load_balancers()
        return found

    def revoke_key(self) -> None:
        """The CCM's key is refused from now."""
        self.cloud.store.delete("api-key", self.key["id"])

    def restore_key(self) -> None:
        """The CCM's key is good again."""
        self.cloud.store.put("api-key", self.key)


def node(instance: Document) -> Object:
    """The Node that runs on an instance."""
    return {
        "metadata": {"name": instance["name"], "uid": instance["id"], "resourceVersion": "1"},
        "spec": {"providerID": f"exoscale://{instance['id']}"},
        "status": {"nodeInfo": {"systemUUID": instance["id"]}},
    }


def service(annotations: dict[str, str] | None = None, ports: list[Object] | None = None, **spec: object) -> Object:
    """A Service of type LoadBalancer with the port 80, unless said otherwise. Annotations are given by what
    follows their common prefix."""
    prefix = "service.beta.kubernetes.io/exoscale-loadbalancer-"
    return {
        "metadata": {
            "name": "web",
            "namespace": "default",
            "uid": str(uuid.uuid4()),
            "resourceVersion": "1",
            "annotations": {prefix + name: value for name, value in (annotations or {}).items()},
        },
        "spec": {"type": "LoadBalancer", "ports": ports or [port(80)], **spec},
    }


def port(number: int, node_port: int = 30080, protocol: str = "TCP") -> Object:
    """One port of a Service."""
    return {"name": f"p{number}", "port": number, "nodePort": node_port, "protocol": protocol}
