"""Gateways of the Gateway API that own a Service of type LoadBalancer.

Their controller makes that Service anew as long as the Gateway is there. Without the Gateway it has no reason to, and
the Service goes as Kubernetes' garbage, if nobody deletes it first.
"""

from collections.abc import Sequence
from functools import partial

from ..cloud.account import Document
from ..wait import wait_until
from .api_server import ApiServer, Say, refusal

_GROUP = "gateway.networking.k8s.io/"


def owning(services: Sequence[Document]) -> dict[str, str]:
    """Returns the Gateways that own one of these Services: `namespace/name` by path."""
    found = {}
    for service in services:
        namespace = service["metadata"]["namespace"]  # an owner is in the same one
        for owner in service["metadata"].get("ownerReferences") or []:
            if owner["kind"] == "Gateway" and owner["apiVersion"].startswith(_GROUP):
                path = f"/apis/{owner['apiVersion']}/namespaces/{namespace}/gateways/{owner['name']}"
                found[path] = f"{namespace}/{owner['name']}"
    return found


def remove(server: ApiServer, services: Sequence[Document], patience: float, say: Say) -> list[str]:
    """Deletes the Gateways that own one of these Services. Safe to re-run.

    Args:
        patience: seconds without any of them going after which it leaves them to their controllers: the drain deletes
            their Services itself.
        say: called with what it does and waits for.

    Returns:
        A line for each that is left.
    """
    refused: dict[str, str] = {}
    gateways = owning(services)
    for path, name in gateways.items():
        say(f"deleting Gateway {name}")
        # In the foreground it would stay until its Service is gone, which may take its cloud controller manager.
        if why := refusal(partial(server.delete, path, propagationPolicy="Background")):
            refused[path] = why

    def left() -> dict[str, Document]:
        return {path: gateway for path in gateways if path not in refused and (gateway := server.get(path))}

    lines = [
        f"leaving Gateway {gateways[path]}: nobody removes {', '.join(gateway['metadata'].get('finalizers') or [])}"
        for path, gateway in wait_until(left, patience).items()
    ]
    return lines + [f"leaving Gateway {gateways[path]}: the cluster refuses: {why}" for path, why in refused.items()]
