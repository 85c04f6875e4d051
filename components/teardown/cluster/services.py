"""A cluster's Services of type LoadBalancer. When one is deleted, the cloud controller manager deletes its NLB."""

from collections.abc import Collection, Sequence
from functools import partial

from ..cloud.account import Document
from .api_server import ApiServer, Say, refusal

SERVICES = "/api/v1/services"
BALANCER = "service.beta.kubernetes.io/exoscale-loadbalancer-id"
_NAME = "service.beta.kubernetes.io/exoscale-loadbalancer-name"
_EXTERNAL = "service.beta.kubernetes.io/exoscale-loadbalancer-external"


def load_balancers(server: ApiServer) -> list[Document]:
    """Returns all of them, in every namespace, including those being deleted."""
    return [item for item in server.items(SERVICES) if _is_load_balancer(item)]


def external(service: Document) -> str:
    """Returns the id of the NLB that a Service uses but does not own; empty if it owns its NLB."""
    annotations = service["metadata"].get("annotations", {})
    return annotations.get(BALANCER, "") if annotations.get(_EXTERNAL) == "true" else ""


def balancer(service: Document) -> set[str]:
    """Returns the id and names that its NLB may have: the annotated id, and the names that the CCM gives."""
    metadata = service["metadata"]
    annotated = [metadata.get("annotations", {}).get(key) for key in (BALANCER, _NAME)]
    return {f"k8s-{metadata['uid']}", *filter(None, annotated)}


def name(service: Document) -> str:
    """`namespace/name`."""
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def remove(server: ApiServer, patience: float, say: Say, kept: Collection[str] = ()) -> list[Document]:
    """Deletes all of them and waits until their finalizers are removed.

    Args:
        patience: seconds without any of them going after which it gives up.
        say: called with what it waits for.
        kept: names of those that stay.

    Returns:
        Those that are stuck; empty if all are gone.
    """
    told: set[str] = set()

    def tell(line: str) -> None:
        if line not in told:
            told.add(line)
            say(line)

    def seen(left: list[Document]) -> None:
        for service in left:
            if "deletionTimestamp" not in service["metadata"]:
                tell(f"deleting Service {name(service)}")
                if why := refusal(partial(server.delete, _path(service))):
                    tell(f"waiting: the cluster refuses to delete Service {name(service)}: {why}")
        for service in left:
            tell(f"waiting: {blocker(server, service)}")

    return server.await_deletion(
        SERVICES, lambda item: _is_load_balancer(item) and name(item) not in kept, patience, seen
    )


def release(
    server: ApiServer, stuck: Sequence[Document], patience: float, say: Say
) -> tuple[list[Document], dict[str, str]]:
    """Removes the finalizers from Services whose NLBs are gone, because nobody else is left to do it.

    Without this, Helm would wait for its own Service until it times out, and lose its record of the release.

    Returns:
        Those that are still stuck; and the names of those that the cluster refuses to change, with its reasons.
    """
    refused: dict[str, str] = {}
    for service in stuck:
        held = ", ".join(service["metadata"].get("finalizers", []))
        # A Service that is not being deleted would only get a new NLB if its finalizers were removed.
        goes = "deletionTimestamp" in service["metadata"]
        why = "" if goes else refusal(partial(server.delete, _path(service)))
        if not why:
            say(f"letting Service {name(service)} go: its NLB is gone, and nobody removes {held}")
            why = refusal(partial(server.patch, _path(service), {"metadata": {"finalizers": None}}))
        if why:
            refused[name(service)] = why
    return remove(server, patience, say, refused), refused


def blocker(server: ApiServer, service: Document) -> str:
    """Says in words who holds what, with a controller's last warning about it."""
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
