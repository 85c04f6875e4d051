"""The objects of cert-manager's API, and how they say whether they are ready."""

from datetime import UTC, datetime
from typing import Any

from sandbox.controllers.objects import Object

GROUP = "cert-manager.io"
API = f"/apis/{GROUP}/v1"
CERTIFICATES = f"{API}/certificates"
ISSUERS = f"{API}/issuers"
CLUSTER_ISSUERS = f"{API}/clusterissuers"
INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
CLUSTER_ISSUER = f"{GROUP}/cluster-issuer"
ISSUER = f"{GROUP}/issuer"
TEMPORARY = f"{GROUP}/issue-temporary-certificate"
EDIT_IN_PLACE = "acme.cert-manager.io/http01-edit-in-place"


def annotations(object_: Object) -> dict[str, str]:
    """Returns the object's annotations."""
    return object_["metadata"].get("annotations") or {}


def path_of(collection: str, namespace: str, name: str = "") -> str:
    """Returns the path of a namespaced object, or of its collection, from that of all namespaces."""
    root, _, plural = collection.rpartition("/")
    return f"{root}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def with_ready(object_: Object, ready: bool, reason: str, message: str, **status: Any) -> Object | None:
    """Returns the object with this condition `Ready` and other fields of its status; None if it says so already."""
    old = object_.get("status") or {}
    earlier: Object = next((one for one in old.get("conditions") or [] if one["type"] == "Ready"), {})
    said = {"type": "Ready", "status": str(ready), "reason": reason, "message": message}
    if said.items() <= earlier.items() and status.items() <= old.items():
        return None
    changed = earlier.get("status") != said["status"]
    said["lastTransitionTime"] = text(datetime.now(UTC)) if changed else earlier["lastTransitionTime"]
    return {**object_, "status": {**old, **status, "conditions": [said]}}


def text(time: datetime) -> str:
    """Returns a time as Kubernetes writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
