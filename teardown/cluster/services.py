"""The Services of type LoadBalancer of a cluster: whose deletion makes the cloud controller manager delete its NLBs."""

from collections.abc import Sequence

from teardown.cloud.account import Document
from teardown.cluster.api_server import ApiServer, Say

SERVICES = "/api/v1/services"
BALANCER = "service.beta.kubernetes.io/exoscale-loadbalancer-id"
_NAME = "service.beta.kubernetes.io/exoscale-loadbalancer-name"
_EXTERNAL = "service.beta.kubernetes.io/exoscale-loadbalancer-external"


def load_balancers(server: ApiServer) -> list[Document]:
    """All of them, in every namespace, also those that are on their way out."""
    return [item for item in server.items(SERVICES) if _is_load_balancer(item)]


def external(service: Document) -> str:
    """Id of the NLB that a Service is attached to and does not own; empty where it owns its NLB."""
    annotations = service["metadata"].get("annotations", {})
    return annotations.get(BALANCER, "") if annotations.get(_EXTERNAL) == "true" else ""


def balancer(service: Document) -> set[str]:
    """What its NLB may be known by: the id that is annotated, and the names that the cloud controller manager gives."""
    metadata = service["metadata"]
    annotated = [metadata.get("annotations", {}).get(key) for key in (BALANCER, _NAME)]
    return {f"k8s-{metadata['uid']}", *filter(None, annotated)}


def name(service: Document) -> str:
    """`namespace/name`."""
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def remove(server: ApiServer, patience: float, say: Say) -> list[Document]:
    """Deletes every one and waits until their finalizers let them go.

    Args:
        patience: seconds without any of them going, after which it gives up.
        say: told what is being waited for.

    Returns:
        Those that are stuck; empty when all are gone.
    """
    told: set[str] = set()

    def seen(left: list[Document]) -> None:
        for service in left:
            if "deletionTimestamp" not in service["metadata"]:
                say(f"deleting Service {name(service)}")
                server.delete(_path(service))
        for service in left:
            if (why := blocker(server, service)) not in told:
                told.add(why)
                say(f"waiting: {why}")

    return server.await_deletion(SERVICES, _is_load_balancer, patience, seen)


def release(server: ApiServer, stuck: Sequence[Document], patience: float, say: Say) -> list[Document]:
    """Takes the finalizers off Services whose NLBs are gone, for nobody else is left to do it.

    Without this Helm would wait for its own Service until its time is over, and lose its record of the release.
    """
    for service in stuck:
        held = ", ".join(service["metadata"].get("finalizers", []))
        say(f"letting Service {name(service)} go: its NLB is gone, and nobody removes {held}")
        server.patch(_path(service), {"metadata": {"finalizers": None}})
    return remove(server, patience, say)


def blocker(server: ApiServer, service: Document) -> str:
    """Who holds what, in words, with the last complaint of a controller about it."""
    metadata = service["metadata"]
    balancer = metadata.get("annotations", {}).get(BALANCER)
    held = f"NLB {balancer} is held by Service {name(service)}" if balancer else f"Service {name(service)} is held"
    by = ", ".join(metadata.get("finalizers", [])) or "nothing"
    selector = f"involvedObject.uid={metadata['uid']},type=Warning"
    events = server.items(f"/api/v1/namespaces/{metadata['namespace']}/events", fieldSelector=selector)
    events.sort(key=lambda event: event.get("lastTimestamp") or "")
    said = f'; last warning: "{events[-1]["message"]}"' if events else ""
    return f"{held} (finalizers: {by}{said})"


def _is_load_balancer(service: Document) -> bool:
    return bool(service["spec"].get("type") == "LoadBalancer")


def _path(service: Document) -> str:
    return f"/api/v1/namespaces/{service['metadata']['namespace']}/services/{service['metadata']['name']}"
