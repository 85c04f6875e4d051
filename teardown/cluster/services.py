"""The Services of type LoadBalancer of a cluster: whose deletion makes the cloud controller manager delete its NLBs."""

import time
from collections.abc import Sequence

from teardown.account import Document
from teardown.cluster import Cluster, Say

SERVICES = "/api/v1/services"
BALANCER = "service.beta.kubernetes.io/exoscale-loadbalancer-id"
_LONGEST_WATCH_SECONDS = 5.0


def load_balancers(cluster: Cluster) -> list[Document]:
    """All of them, in every namespace, also those that are on their way out."""
    return [item for item in _listed(cluster)["items"] if item["spec"].get("type") == "LoadBalancer"]


def name(service: Document) -> str:
    """`namespace/name`."""
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def remove(cluster: Cluster, patience: float, say: Say) -> list[Document]:
    """Deletes every one and waits until their finalizers let them go.

    Args:
        patience: seconds without any of them going, after which it gives up.
        say: told what is being waited for.

    Returns:
        Those that are stuck; empty when all are gone.
    """
    known: set[str] = set()
    left, deadline = None, 0.0
    while True:
        listed = _listed(cluster)
        services = [item for item in listed["items"] if item["spec"].get("type") == "LoadBalancer"]
        if not services:
            return []
        for service in services:
            if "deletionTimestamp" not in service["metadata"]:
                say(f"deleting Service {name(service)}")
                cluster.delete(_path(service))
        if left is None or len(services) < left:
            left, deadline = len(services), time.monotonic() + patience
        elif time.monotonic() > deadline:
            return services
        for service in services:
            if (why := blocker(cluster, service)) not in known:
                known.add(why)
                say(f"waiting: {why}")
        seconds = min(_LONGEST_WATCH_SECONDS, max(0.0, deadline - time.monotonic()))
        cluster.await_change(SERVICES, listed["metadata"]["resourceVersion"], seconds)


def release(cluster: Cluster, stuck: Sequence[Document], patience: float, say: Say) -> list[Document]:
    """Takes the finalizers off Services whose NLBs are gone, for nobody else is left to do it.

    Without this Helm would wait for its own Service until its time is over, and lose its record of the release.
    """
    for service in stuck:
        held = ", ".join(service["metadata"].get("finalizers", []))
        say(f"letting Service {name(service)} go: its NLB is gone, and nobody removes {held}")
        cluster.patch(_path(service), {"metadata": {"finalizers": None}})
    return remove(cluster, patience, say)


def blocker(cluster: Cluster, service: Document) -> str:
    """Who holds what, in words, with the last complaint of a controller about it."""
    metadata = service["metadata"]
    balancer = metadata.get("annotations", {}).get(BALANCER)
    held = f"NLB {balancer} is held by Service {name(service)}" if balancer else f"Service {name(service)} is held"
    by = ", ".join(metadata.get("finalizers", [])) or "nothing"
    selector = f"involvedObject.uid={metadata['uid']},type=Warning"
    events = cluster.items(f"/api/v1/namespaces/{metadata['namespace']}/events", fieldSelector=selector)
    events.sort(key=lambda event: event.get("lastTimestamp") or "")
    said = f'; last warning: "{events[-1]["message"]}"' if events else ""
    return f"{held} (finalizers: {by}{said})"


def _listed(cluster: Cluster) -> Document:
    return cluster.get(SERVICES)


def _path(service: Document) -> str:
    return f"/api/v1/namespaces/{service['metadata']['namespace']}/services/{service['metadata']['name']}"
