"""What an ingress controller finds in a cluster: whose its class is already, and which Ingresses it serves otherwise
than their authors expect."""

from collections.abc import Iterator

from ..cloud.account import Document
from .api_server import ApiServer

CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
F5 = "nginx.org/ingress-controller"
"""What F5's NGINX Ingress Controller is called in an IngressClass."""
_FOREIGN = "nginx.ingress.kubernetes.io/"  # prefix of the annotations of the Kubernetes project's ingress-nginx
_RELEASE = "meta.helm.sh/release-name"
_RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
_OLD_CLASS = "kubernetes.io/ingress.class"


def taken(server: ApiServer, name: str, release: str) -> str:
    """Says in one line that a class is another controller's; empty if it is free or the release's own.

    Args:
        server: the cluster's API server.
        name: name of the class.
        release: name of the Helm release that is to have it, and of its namespace.
    """
    found = server.get(f"{CLASSES}/{name}")
    annotations = found.get("metadata", {}).get("annotations") or {}
    if not found or (annotations.get(_RELEASE), annotations.get(_RELEASE_NAMESPACE)) == (release, release):
        return ""
    return (
        f"ingress.class is {name}, and the cluster has an IngressClass {name} of another controller "
        f"({found['spec'].get('controller', '')}). Next: another ingress.class, or remove that controller"
    )


def unserved(server: ApiServer, name: str) -> list[str]:
    """Returns a line for each Ingress that F5's controller does not serve as it is written; empty for every other
    controller.

    Args:
        server: the cluster's API server.
        name: name of the controller's class.
    """
    found = server.get(f"{CLASSES}/{name}")
    if found.get("spec", {}).get("controller") != F5:
        return []
    ours = [one for one in server.items(INGRESSES) if _class(one) == name]
    return [*_annotated(ours), *_without_a_host(ours)]


def _annotated(ingresses: list[Document]) -> Iterator[str]:
    for one in ingresses:
        if foreign := sorted(key for key in one["metadata"].get("annotations") or {} if key.startswith(_FOREIGN)):
            yield (
                f"Ingress {_name(one)} uses {', '.join(foreign)}, which F5's controller ignores. Next: its own "
                "annotations (nginx.org/…), or `pulumi config set --path ingress.controller traefik`, which knows these"
            )


def _without_a_host(ingresses: list[Document]) -> Iterator[str]:
    hostless = [one for one in ingresses if any(not rule.get("host") for rule in one["spec"].get("rules") or [])]
    first, *others = sorted(hostless, key=_age) or [{}]
    for one in others:
        yield (
            f"Ingress {_name(one)} has no host, and F5's controller serves one such Ingress, the oldest: "
            f"{_name(first)}. Next: give it a host"
        )


def _class(ingress: Document) -> str:
    old = (ingress["metadata"].get("annotations") or {}).get(_OLD_CLASS, "")
    return str(ingress["spec"].get("ingressClassName") or old)


def _age(ingress: Document) -> tuple[str, str]:
    metadata = ingress["metadata"]
    return metadata.get("creationTimestamp", ""), metadata.get("uid", "")


def _name(ingress: Document) -> str:
    return f"{ingress['metadata']['namespace']}/{ingress['metadata']['name']}"
