"""What the tests of clusters, nodepools and load balancers share: a clock that they move, and clusters on paper."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from exoscale.api.exceptions import ExoscaleAPIException

from sandbox.api import families
from sandbox.api.catalogue import identity, sks_cluster_versions
from sandbox.client import SandboxClient
from sandbox.clock import Clock
from sandbox.cloud import Cloud
from sandbox.store import Document

families.load()

NEWEST, *OLDER = sks_cluster_versions()
SMALL = {"id": identity("instance-type", "standard.small")}
MEDIUM = {"id": identity("instance-type", "standard.medium")}
NOWHERE = "00000000-0000-4000-8000-000000000000"
CCM = "exoscale-cloud-controller"
HEALTHCHECK = {"mode": "tcp", "port": 30080, "interval": 10, "timeout": 5, "retries": 1}


class SteppedClock(Clock):
    """Stands still until told, so that a test sees what an operation does before it ends."""

    def __init__(self) -> None:
        super().__init__(pace=0.1)  # signatures last 10 minutes: room for some fifty operations
        self._now = time.time()

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float = 10) -> None:
        self._now += seconds


class PaperControlPlanes:
    """Control planes on paper: what the API told them, and what it can ask of them."""

    def __init__(self) -> None:
        self.alive: set[str] = set()
        self.synced: list[str] = []
        self.failure = ""
        self.minted: tuple[str, list[str], int] | None = None

    def create(self, cluster: Document) -> None:
        if self.failure:
            raise RuntimeError(self.failure)
        self.alive.add(cluster["id"])

    def delete(self, cluster_id: str) -> None:
        self.alive.discard(cluster_id)

    def authority(self, cluster_id: str, name: str) -> str:
        return f"-----BEGIN {name} of {cluster_id}-----\n"

    def kubeconfig(self, cluster_id: str, user: str, groups: list[str], ttl_seconds: int) -> str:
        self.minted = (user, groups, ttl_seconds)
        return f"server: https://{cluster_id}\n"

    def sync(self, cluster_id: str) -> None:
        self.synced.append(cluster_id)

    def kill(self, cluster_id: str, part: str) -> None: ...
    def revive(self, cluster_id: str, part: str) -> None: ...


class Bench:
    """The official client, the cloud behind it, and the things that every test needs some of."""

    def __init__(self, cloud: Cloud, client: SandboxClient) -> None:
        self.cloud = cloud
        self.client = client
        self.clock = SteppedClock()
        self.planes = PaperControlPlanes()
        cloud.clock = self.clock
        cloud.control_planes = self.planes

    def done(self, operation: dict[str, Any]) -> str:
        """Lets an operation end well; the id of its object."""
        assert operation["state"] == "pending"
        self.clock.advance()
        return str(self.client.wait(operation["id"], max_wait_time=10)["reference"]["id"])

    def cluster(self, **body: Any) -> str:
        """A running cluster."""
        wanted = {"name": "c", "level": "starter", "version": NEWEST, "cni": "calico", "addons": [CCM], **body}
        return self.done(self.client.create_sks_cluster(**wanted))

    def new_nodepool(self, cluster_id: str, **body: Any) -> dict[str, Any]:
        """The pending operation that creates a nodepool."""
        wanted = {"name": "p", "size": 2, "disk_size": 20, "instance_type": SMALL, **body}
        operation: dict[str, Any] = self.client.create_sks_nodepool(id=cluster_id, **wanted)
        return operation

    def nodepool(self, cluster_id: str, **body: Any) -> dict[str, Any]:
        """A running nodepool."""
        return self.shown_nodepool(cluster_id, self.done(self.new_nodepool(cluster_id, **body)))

    def shown_nodepool(self, cluster_id: str, nodepool_id: str) -> dict[str, Any]:
        """A nodepool as its cluster shows it, which is where the provider reads it."""
        nodepools = self.client.get_sks_cluster(id=cluster_id)["nodepools"]
        return next(nodepool for nodepool in nodepools if nodepool["id"] == nodepool_id)

    def instances(self, pool_id: str) -> list[dict[str, Any]]:
        """The members of an instance pool."""
        found: list[dict[str, Any]] = self.client.list_instances(manager_id=pool_id, manager_type="instance-pool")[
            "instances"
        ]
        return found

    def balancer(self, name: str = "nlb") -> str:
        """A running load balancer without services."""
        return self.done(self.client.create_load_balancer(name=name))

    def new_service(self, balancer_id: str, pool_id: str, **body: Any) -> dict[str, Any]:
        """The pending operation that adds a service."""
        wanted = {"name": "http", "protocol": "tcp", "strategy": "round-robin", "port": 80, "target_port": 30080}
        operation: dict[str, Any] = self.client.add_service_to_load_balancer(
            id=balancer_id, **{**wanted, "instance_pool": {"id": pool_id}, "healthcheck": HEALTHCHECK, **body}
        )
        return operation

    def service(self, balancer_id: str, pool_id: str, **body: Any) -> dict[str, Any]:
        """A running service."""
        self.done(self.new_service(balancer_id, pool_id, **body))
        services: list[dict[str, Any]] = self.client.get_load_balancer(id=balancer_id)["services"]
        return services[-1]


def refused(call: Callable[[], Any], status: int) -> str:
    """The message of a refusal."""
    with pytest.raises(ExoscaleAPIException) as refusal:
        call()
    response = refusal.value.response
    assert response.status_code == status, response.text
    return str(json.loads(response.text)["message"])


def busy(call: Callable[[], Any]) -> None:
    """Expects to be refused because another operation works on the object."""
    assert "is busy" in refused(call, 409)
