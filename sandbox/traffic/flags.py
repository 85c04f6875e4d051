"""The flags of a pod's containers, and what all ingress controllers have in common."""

from collections.abc import Mapping

from sandbox.controllers.objects import Object
from sandbox.traffic.snapshot import Snapshot, annotations, namespace_of

CLASS_ANNOTATION = "kubernetes.io/ingress.class"


def words(pod: Object) -> list[str]:
    """Returns the command and arguments of all its containers."""
    containers = pod["spec"].get("containers") or []
    return [word for one in containers for word in [*(one.get("command") or []), *(one.get("args") or [])]]


def flags(pod: Object) -> dict[str, str]:
    """Returns its flags by name, in lower case; one without a value is `true`."""
    split = [word.lstrip("-").partition("=") for word in words(pod) if word.startswith("-")]
    return {name.lower(): value if equals else "true" for name, equals, value in split}


def is_on(given: Mapping[str, str], name: str, default: bool = False) -> bool:
    """Whether a flag is set, and not to false."""
    return given.get(name, str(default)).lower() == "true"


def is_watched(ingress: Object, namespaces: str) -> bool:
    """Whether the Ingress is in one of these namespaces, given as `a,b`; empty means all."""
    return not namespaces or namespace_of(ingress) in namespaces.split(",")


def class_of(ingress: Object) -> str | None:
    """Returns the class in the Ingress's spec; Kubernetes' own admission has filled in the default one."""
    named: str | None = ingress["spec"].get("ingressClassName")
    return named


def class_annotation(ingress: Object) -> str | None:
    """Returns the class in the older annotation."""
    return annotations(ingress).get(CLASS_ANNOTATION)


def controller_name(objects: Snapshot, class_name: str) -> str | None:
    """Returns the controller of an IngressClass; None if there is no such class."""
    found = objects.classes.get(class_name)
    return None if found is None else (found.get("spec") or {}).get("controller")


def tls_secret(objects: Snapshot, namespace: str, name: str) -> Object | None:
    """Returns a usable TLS Secret."""
    secret = objects.secrets.get(f"{namespace}/{name}") if name else None
    data = (secret or {}).get("data") or {}
    return secret if data.get("tls.crt") and data.get("tls.key") else None


def named_secret(objects: Snapshot, flag: str) -> Object | None:
    """Returns the usable TLS Secret that a flag names as `namespace/name`."""
    namespace, _, name = flag.partition("/")
    return tls_secret(objects, namespace, name)
