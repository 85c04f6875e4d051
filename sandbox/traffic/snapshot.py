"""A cluster's objects that decide where its traffic goes, as they were last seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.controllers.objects import Object

SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
INGRESS_CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
GATEWAY_KINDS = ("gatewayclasses", "gateways", "httproutes")
TLS_SECRETS = "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Ftls"

Objects = Mapping[str, Object]


@dataclass(frozen=True)
class Rules:
    """What every node's kube-proxy follows. Keys are `namespace/name`."""

    services: Objects = field(default_factory=dict)
    slices: Sequence[Object] = ()


@dataclass(frozen=True)
class Snapshot(Rules):
    """And what ingress controllers follow."""

    pods: Objects = field(default_factory=dict)
    ingresses: Sequence[Object] = ()
    classes: Objects = field(default_factory=dict)
    secrets: Objects = field(default_factory=dict)
    gateway_classes: Objects = field(default_factory=dict)
    gateways: Sequence[Object] = ()
    routes: Sequence[Object] = ()


def annotations(object_: Object) -> Mapping[str, str]:
    """Returns the object's annotations."""
    return object_["metadata"].get("annotations") or {}


def namespace_of(object_: Object) -> str:
    """Returns the object's namespace."""
    return str(object_["metadata"]["namespace"])


def oldest_first(objects: Sequence[Object]) -> list[Object]:
    """Sorts by age; of objects of the same second, the one with the greater uid comes first (F5's order)."""

    def age(object_: Object) -> Any:
        return object_["metadata"].get("creationTimestamp", "")

    by_uid = sorted(objects, key=lambda one: str(one["metadata"].get("uid", "")), reverse=True)
    return sorted(by_uid, key=age)
