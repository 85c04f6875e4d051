"""Removes the finalizers of Challenges for Let's Encrypt whose cert-manager is gone: they keep their namespace forever.

cert-manager puts a finalizer on each Challenge, and only its controller removes it (docs/plugins.md, cert-manager). It
holds nothing that costs money: what it stands for, a pod, a Service and an Ingress or a DNS record, serves one check.
"""

from functools import partial

from ..cloud.account import Document
from .api_server import ApiServer, Say, refusal

FINALIZERS = ("acme.cert-manager.io/finalizer", "finalizer.acme.cert-manager.io")  # the second before 1.17

_API = "/apis/acme.cert-manager.io/v1"
_CONTROLLER = "app.kubernetes.io/name=cert-manager,app.kubernetes.io/component=controller"


def stuck(server: ApiServer) -> list[Document]:
    """Returns the Challenges that wait for a controller of which no pod is ready; none without cert-manager."""
    waiting = [one for one in server.items(f"{_API}/challenges") if set(_finalizers(one)) & {*FINALIZERS}]
    return waiting if waiting and not _runs(server) else []


def let_go(server: ApiServer, say: Say) -> list[str]:
    """Removes cert-manager's finalizers from these; returns a line for each. Safe to re-run."""
    lines = []
    for one in stuck(server):
        metadata = one["metadata"]
        path = f"{_API}/namespaces/{metadata['namespace']}/challenges/{metadata['name']}"
        kept = [finalizer for finalizer in _finalizers(one) if finalizer not in FINALIZERS]
        if why := refusal(partial(server.patch_custom, path, {"metadata": {"finalizers": kept}})):
            say(f"{name(one)} cannot be let go: {why}")
        else:
            lines.append(f"let {name(one)} go: no pod of cert-manager is ready to finish it")
            say(lines[-1])
    return lines


def name(challenge: Document) -> str:
    """Returns kind, namespace and name."""
    return f"Challenge {challenge['metadata']['namespace']}/{challenge['metadata']['name']}"


def _finalizers(challenge: Document) -> list[str]:
    return challenge["metadata"].get("finalizers") or []


def _runs(server: ApiServer) -> bool:
    pods = server.items("/api/v1/pods", labelSelector=_CONTROLLER)
    conditions = [one for pod in pods for one in (pod.get("status") or {}).get("conditions") or []]
    return any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)
