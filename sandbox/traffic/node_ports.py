"""What a node does with a connection to one of its ports, as kube-proxy would (docs/exoscale.md, Inside a cluster)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.controllers.objects import Object
from sandbox.store import Document
from sandbox.traffic.snapshot import Rules, namespace_of

NODE_PORTS = range(30000, 32768)
_EXPOSED = ("NodePort", "LoadBalancer")
_SERVICE_NAME = "kubernetes.io/service-name"  # label of an EndpointSlice


@dataclass(frozen=True, order=True)
class Endpoint:
    """A pod's port behind a Service.

    Args:
        pod: its `namespace/name`; empty for an address that somebody wrote into the slice by hand.
        node: the node it runs on.
        address, port: where it listens.
    """

    pod: str
    node: str
    address: str
    port: int


@dataclass(frozen=True)
class Target:
    """A Service's port that a node port leads to."""

    service: Object
    port: Object

    @property
    def is_local(self) -> bool:
        """Whether only nodes with a pod of the Service take its traffic."""
        return bool(self.service["spec"].get("externalTrafficPolicy") == "Local")


def target(rules: Rules, port: int, protocol: str = "TCP") -> Target | None:
    """Returns the Service whose node port this is, if there is one."""
    for service in rules.services.values():
        if service["spec"].get("type") in _EXPOSED:
            for one in service["spec"].get("ports") or []:
                if one.get("nodePort") == port and one.get("protocol", "TCP") == protocol:
                    return Target(service, one)
    return None


def endpoints(rules: Rules, service: Object, port: Object) -> list[Endpoint]:
    """Returns the ready endpoints of a Service's port; if none is ready, those that still serve while they end."""
    ready, ending = _endpoints(rules, service, port)
    return ready or ending


def on_node(rules: Rules, node: str, towards: Target) -> list[Endpoint]:
    """Returns the endpoints to which this node sends a connection to a node port."""
    everywhere = endpoints(rules, towards.service, towards.port)
    return [one for one in everywhere if one.node == node] if towards.is_local else everywhere


def answers(rules: Rules, node: str, check: Document) -> bool | None:
    """Whether a health check of this port gets a good answer from this node; None if that cannot be known."""
    port = check["port"]
    for service in rules.services.values():
        if service["spec"].get("healthCheckNodePort") == port:
            # kube-proxy itself listens there: 200 where the node has a pod of the Service, 503 elsewhere.
            return check["mode"] == "tcp" or _has_pod(rules, node, service)
    towards = target(rules, port)
    if towards is not None:
        return bool(on_node(rules, node, towards))
    return False if port in NODE_PORTS else None


def _endpoints(rules: Rules, service: Object, port: Object) -> tuple[list[Endpoint], list[Endpoint]]:
    key = (namespace_of(service), service["metadata"]["name"])
    ready: set[Endpoint] = set()
    ending: set[Endpoint] = set()
    for slice_ in rules.slices:
        labels = slice_["metadata"].get("labels") or {}
        if (namespace_of(slice_), labels.get(_SERVICE_NAME)) != key:
            continue
        numbers = [one["port"] for one in slice_.get("ports") or [] if one.get("name", "") == port.get("name", "")]
        for one in slice_.get("endpoints") or []:
            conditions = one.get("conditions") or {}
            found = [_endpoint(one, key[0], number) for number in numbers]
            if conditions.get("ready", True):
                ready.update(found)
            elif conditions.get("serving") and conditions.get("terminating"):
                ending.update(found)
    return sorted(ready), sorted(ending)


def _has_pod(rules: Rules, node: str, service: Object) -> bool:
    ports: Sequence[Object] = service["spec"].get("ports") or []
    return any(one.node == node for port in ports for one in _endpoints(rules, service, port)[0])


def _endpoint(written: Object, namespace: str, port: int) -> Endpoint:
    reference = written.get("targetRef") or {}
    pod = f"{reference.get('namespace', namespace)}/{reference['name']}" if reference.get("kind") == "Pod" else ""
    return Endpoint(pod, written.get("nodeName") or "", written["addresses"][0], port)
