"""Decides which Services and Nodes concern the service controller. Pure functions, rules of Kubernetes' generic one."""

from typing import Any

from sandbox.controllers.objects import Object

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
TO_BE_DELETED = "ToBeDeletedByClusterAutoscaler"
# A change of any of these fields triggers a sync of the load balancer.
SPEC_FIELDS = (
    "loadBalancerSourceRanges",
    "sessionAffinity",
    "sessionAffinityConfig",
    "loadBalancerIP",
    "externalIPs",
    "externalTrafficPolicy",
    "healthCheckNodePort",
)
PORT_FIELDS = ("name", "protocol", "port", "nodePort", "targetPort", "appProtocol")


def wants_load_balancer(service: Object) -> bool:
    """Whether the Service wants a load balancer from this controller: with a class set it wants another one's."""
    spec = service["spec"]
    return spec.get("type") == "LoadBalancer" and spec.get("loadBalancerClass") is None


def has_finalizer(service: Object) -> bool:
    """Whether the Service has our finalizer."""
    return FINALIZER in (service["metadata"].get("finalizers") or [])


def needs_cleanup(service: Object) -> bool:
    """Whether a Service that had a load balancer is being deleted, or changed its type."""
    deleted = service["metadata"].get("deletionTimestamp") is not None
    return has_finalizer(service) and (deleted or service["spec"].get("type") != "LoadBalancer")


def needs_update(old: Object, new: Object) -> bool:
    """Whether a change of the Service may change its load balancer."""
    if not wants_load_balancer(old) and not wants_load_balancer(new):
        return False
    return _relevant(old) != _relevant(new)


def _relevant(service: Object) -> list[Any]:
    spec, metadata = service["spec"], service["metadata"]
    return [
        wants_load_balancer(service),
        metadata["uid"],
        metadata.get("annotations") or {},
        [[port.get(field) for field in PORT_FIELDS] for port in spec.get("ports") or []],
        [spec.get(field) or None for field in SPEC_FIELDS],
        len(spec.get("ipFamilies") or []),
    ]


def is_included(node: Object) -> bool:
    """Whether the node has no label that excludes it from load balancers."""
    return EXCLUDED not in (node["metadata"].get("labels") or {})


def has_provider_id(node: Object) -> bool:
    """Whether the node controller has initialised the node."""
    return bool(node["spec"].get("providerID"))


def backends(nodes: list[Object]) -> list[Object]:
    """Returns the nodes for a load balancer's targets; ready or not, since Kubernetes 1.27."""
    return [
        node
        for node in nodes
        if node["metadata"].get("deletionTimestamp") is None
        and is_included(node)
        and has_provider_id(node)
        and not any(taint["key"] == TO_BE_DELETED for taint in node["spec"].get("taints") or [])
    ]


def concerns_load_balancers(old: Object | None, new: Object | None) -> bool:
    """Whether a change of a Node triggers a sync of the backends."""
    if old is None or new is None:
        return True
    return is_included(old) != is_included(new) or has_provider_id(old) != has_provider_id(new)
