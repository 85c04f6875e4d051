"""Kubernetes objects as JSON."""

from typing import Any

Object = dict[str, Any]

NODES = "/api/v1/nodes"
SERVICES = "/api/v1/services"
PODS = "/api/v1/pods"
CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
NODE_DRIVERS = "/apis/storage.k8s.io/v1/csinodes"


def key_of(object_: Object) -> str:
    """Returns `namespace/name`, or only the name if there is no namespace."""
    metadata = object_["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else str(metadata["name"])


def finalizers(object_: Object) -> list[str]:
    """Returns the object's finalizers."""
    return list(object_["metadata"].get("finalizers") or [])


def is_going(object_: Object) -> bool:
    """Whether the object is being deleted."""
    return "deletionTimestamp" in object_["metadata"]
