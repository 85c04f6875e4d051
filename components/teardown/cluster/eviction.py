"""Evicts the pods of a node that is about to be removed, as their disruption budgets allow."""

from ..cloud.account import Document
from ..errors import TeardownError
from .api_server import ApiServer, Refused, Say
from .nodes import NODES, is_ready

_PODS = "/api/v1/pods"
_TOO_MANY_REQUESTS = 429  # the API server's answer if a disruption budget does not allow it now
_MIRROR = "kubernetes.io/config.mirror"


def cordon(server: ApiServer, node: str, annotations: Document) -> None:
    """Keeps new pods off a node.

    Args:
        annotations: annotations to set on the node.
    """
    server.patch(f"{NODES}/{node}", {"metadata": {"annotations": annotations}, "spec": {"unschedulable": True}})


def starting(server: ApiServer, nodes: set[str]) -> list[str]:
    """Returns the pods of DaemonSets on these nodes that are not ready yet."""
    mine = (pod for pod in server.items(_PODS) if pod["spec"].get("nodeName") in nodes and _of_daemon_set(pod))
    return [_name(pod) for pod in mine if not is_ready(pod)]


def bare(server: ApiServer, node: str) -> list[str]:
    """Returns the pods on a node that no controller would recreate elsewhere."""
    pods = [pod for pod in server.items(_PODS) if _is_evictable(pod, node)]
    return [_name(pod) for pod in pods if not pod["metadata"].get("ownerReferences")]


def empty(server: ApiServer, node: str, patience: float, say: Say) -> None:
    """Evicts all pods except those of DaemonSets, and waits until they are gone.

    Args:
        patience: seconds without any of them going after which it gives up.
        say: called with what it waits for.

    Raises:
        TeardownError: a disruption budget, or a pod that does not terminate, holds the node.
    """
    told: list[str] = []

    def seen(left: list[Document]) -> None:
        for pod in left:
            why = "" if "deletionTimestamp" in pod["metadata"] else _evict(server, pod)
            line = f"pod {_name(pod)} on {node} {why or 'ends'}"
            if line not in told:
                told.append(line)
                say(f"waiting: {line}" if why else f"evicting pod {_name(pod)} from {node}")

    if pods := server.await_deletion(_PODS, lambda pod: _is_evictable(pod, node), patience, seen):
        held = next(line for line in reversed(told) if _name(pods[0]) in line)
        raise TeardownError(
            f"{held}, after {patience:.0f} s without any pod going. Next: give it room (a replica more, or a looser "
            "PodDisruptionBudget) and run this again: it goes on; or `kubectl uncordon` the node to keep it"
        )


def _evict(server: ApiServer, pod: Document) -> str:
    """Evicts a pod; returns why that is not allowed now, empty if it is."""
    metadata = {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]}
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/eviction"
    try:
        server.create(path, {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata})
    except Refused as refused:
        if refused.status != _TOO_MANY_REQUESTS:
            raise
        return f"is held: {refused}"
    return ""


def _is_evictable(pod: Document, node: str) -> bool:
    return (
        pod["spec"].get("nodeName") == node
        and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
        and not _of_daemon_set(pod)
        and _MIRROR not in pod["metadata"].get("annotations", {})
    )


def _of_daemon_set(pod: Document) -> bool:
    return any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences", []))


def _name(pod: Document) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
