"""Follows a connection from a load balancer's address to the pod that would answer it."""

import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sandbox.api import healthcheck, instance
from sandbox.api.security_group_rule import admits_everyone
from sandbox.cloud import Cloud
from sandbox.controllers.objects import key_of
from sandbox.store import Document
from sandbox.traffic import node_ports
from sandbox.traffic.controllers import controller_of
from sandbox.traffic.http import Controller
from sandbox.traffic.node_ports import Endpoint, Target
from sandbox.traffic.observer import Observer
from sandbox.traffic.snapshot import Snapshot

T = TypeVar("T")
BALANCER = "load-balancer"


class Nowhere(Exception):
    """Nothing would answer the connection; the message says why."""


@dataclass(frozen=True)
class Way:
    """The way of one connection through a load balancer.

    Args:
        balancer: the load balancer.
        node: the pool's member that it chose.
        target: the cluster's Service that the port of the node leads to.
        endpoint: the pod's port that kube-proxy chose.
        controller: the pod's ingress controller; None if it runs something else.
        objects: the cluster's objects at this moment.
        client: number that stays the same for a client.
    """

    balancer: Document
    node: str
    target: Target
    endpoint: Endpoint
    controller: Controller | None
    objects: Snapshot
    client: int


class Ways:
    """The ways of all load balancers.

    Args:
        cloud: the whole cloud, of all organisations.
        observer: returns a cluster's observer by the cluster's id; None if it has no running control plane.
    """

    def __init__(self, cloud: Cloud, observer: Callable[[str], Observer | None]) -> None:
        self._cloud = cloud
        self._observer = observer
        self._turns = itertools.count()

    def probe(self, member: Document, check: Document) -> bool | None:
        """Whether a machine answers a health check; None if nobody knows: it belongs to no cluster, or to one that was
        not seen yet."""
        observer = self._observer_of(member)
        rules = observer.rules() if observer else None
        return None if rules is None else node_ports.answers(rules, member["name"], check)

    def way(self, address: str, port: int, client: str) -> Way:
        """Returns the way of a new TCP connection.

        Raises:
            Nowhere: nothing would answer.
        """
        balancer = next(iter(self._cloud.store.where(BALANCER, "ip", address)), None)
        if balancer is None:
            raise Nowhere(f"no load balancer has the address {address}")
        service = next((one for one in balancer["services"] if _serves(one, port)), None)
        if service is None:
            raise Nowhere(f"load balancer {balancer['name']} has no service on port {port}")
        seed = next(self._turns) if service["strategy"] == "round-robin" else zlib.crc32(client.encode())
        member = one_of(self._healthy(balancer, service), seed)
        observer = self._observer_of(member)
        if observer is None:
            raise Nowhere(f"{member['name']} is no node of a running cluster: what it runs is not simulated")
        objects = observer.snapshot()
        if objects is None:
            raise Nowhere(f"the API server of the cluster of {member['name']} has not answered yet")
        towards = node_ports.target(objects, service["target-port"])
        if towards is None:
            raise Nowhere(f"no Service of the cluster has the node port {service['target-port']}")
        reachable = node_ports.on_node(objects, member["name"], towards)
        if not reachable:
            where = f" on {member['name']}" if towards.is_local else ""
            raise Nowhere(f"the Service {key_of(towards.service)} has no ready endpoint{where}")
        endpoint = one_of(reachable, seed)
        pod = objects.pods.get(endpoint.pod)
        controller = None if pod is None else controller_of(pod)
        return Way(balancer, member["name"], towards, endpoint, controller, objects, seed)

    def _healthy(self, balancer: Document, service: Document) -> list[Document]:
        check, pool = service["healthcheck"], service["instance-pool"]["id"]
        members = [one for one in instance.members(self._cloud, pool) if "public-ip" in one]
        healthy = [one for one in members if healthcheck.is_healthy(self._cloud, one, check)]
        if not healthy:
            what = f"{check['mode']} on port {check['port']}"
            raise Nowhere(
                f"of {len(members)} members of its pool none passes the health check of load balancer "
                f"{balancer['name']} ({what})"
            )
        port = service["target-port"]
        admitting = [one for one in healthy if admits_everyone(self._cloud, healthcheck.groups_of(one), "tcp", port)]
        if not admitting:
            raise Nowhere(f"the security groups of the nodes do not admit port {port}")
        return admitting

    def _observer_of(self, member: Document) -> Observer | None:
        pool = self._cloud.store.get("instance-pool", member.get("manager", {}).get("id", ""))
        nodepool = self._cloud.store.get("sks-nodepool", (pool or {}).get("manager", {}).get("id", ""))
        return self._observer(nodepool["_cluster"]) if nodepool else None


def _serves(service: Document, port: int) -> bool:
    return bool(service["port"] == port and service["protocol"] == "tcp" and service["state"] != "creating")


def one_of(items: Sequence[T], seed: int) -> T:
    """Returns one of them; the same for the same number."""
    return items[seed % len(items)]
