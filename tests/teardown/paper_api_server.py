"""A cluster's API server on paper: objects by their paths, without a server or the controllers behind them."""

import copy
import re
from typing import Any

from components.teardown.cloud.account import Document
from components.teardown.cluster.admission_policy import MESSAGE
from components.teardown.cluster.api_server import ApiServer, Refused, Unreachable
from components.teardown.cluster.services import BALANCER
from components.teardown.cluster.volume_claims import DRIVER
from tests.teardown.paper import PVC, ZONE

_PATH = re.compile(r"(?P<group>/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/(?P<space>[^/]+))?/(?P<plural>[^/]+)(?:/.+)?")
_LISTS = (
    "services",
    "persistentvolumes",
    "persistentvolumeclaims",
    "pods",
    "events",
    "secrets",
    "configmaps",
    "nodes",
    "endpointslices",
    "ingresses",
    "validatingwebhookconfigurations",
    "mutatingwebhookconfigurations",
    "challenges",
    "volumes",
    "replicas",
)
_SELECTED = re.compile(r"([\w./-]+)(=([^,]*)| in \(([^)]*)\))")
_WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"


_REFUSING = {"services": "no-load-balancers", "persistentvolumeclaims": "no-volume-claims"}


class PaperApiServer(ApiServer):
    """Does at once what it is asked. Policies refuse new load balancers as the real ones do.

    Args:
        silent: how many requests it lets go by before it answers.
    """

    def __init__(self, silent: int = 0) -> None:
        self.objects: dict[str, Document] = {}
        self.asked: list[str] = []
        self._version = 0
        self.silent = silent
        self.refusals: dict[str, str] = {}
        """What is said to a change, by the beginning of its method and path."""

    def service(self, uid: str, name: str = "web", **annotations: str) -> None:
        """A Service of type LoadBalancer; annotations are those of the cloud controller manager, without prefix."""
        prefix = BALANCER.removesuffix("id")
        self._put(
            f"/api/v1/namespaces/shop/services/{name}",
            {"uid": uid, "namespace": "shop", "annotations": {prefix + key: said for key, said in annotations.items()}},
            {"type": "LoadBalancer"},
        )

    def node(self, name: str, machine: str) -> None:
        """The node that a machine joined as."""
        self._put(f"/api/v1/nodes/{name}", {}, {})
        self.objects[f"/api/v1/nodes/{name}"]["status"] = {"nodeInfo": {"systemUUID": machine}}

    def endpoints(self, service: str, *nodes: str, ready: bool = True) -> None:
        """Where the pods behind a Service run."""
        path = f"/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/{service}-{len(self.objects)}"
        self._put(path, {"namespace": "shop", "labels": {"kubernetes.io/service-name": service}}, {})
        self.objects[path]["endpoints"] = [{"nodeName": node, "conditions": {"ready": ready}} for node in nodes]

    def persistent_volume(self, volume: str, name: str = PVC, dynamic: bool = True, claim: str = "") -> None:
        """One of the CSI driver; given a claim's name, bound to a claim that a pod uses."""
        by = {"annotations": {"pv.kubernetes.io/provisioned-by": DRIVER}} if dynamic else {}
        csi = {"driver": DRIVER, "volumeHandle": f"{ZONE}/{volume}"}
        self._put(f"/api/v1/persistentvolumes/{name}", by, {"csi": csi, "persistentVolumeReclaimPolicy": "Retain"})
        if claim:
            path = f"/api/v1/namespaces/shop/persistentvolumeclaims/{claim}"
            self._put(path, {"namespace": "shop"}, {"volumeName": name})
            used = {"volumes": [{"persistentVolumeClaim": {"claimName": claim}}]}
            self._put(f"/api/v1/namespaces/shop/pods/{claim}-user", {"namespace": "shop"}, used)

    def longhorn_volume(self, name: str, *nodes: str, claim: str = "", failed: str = "") -> None:
        """One of Longhorn, with a replica on each of these nodes; with a claim, of a PersistentVolume of its name."""
        space = "/apis/longhorn.io/v1beta2/namespaces/longhorn-system"
        self._put(f"{space}/volumes/{name}", {"namespace": "longhorn-system"}, {})
        for node in nodes:
            spec = {"volumeName": name, "nodeID": node, "failedAt": "yesterday" if node == failed else ""}
            self._put(f"{space}/replicas/{name}-{node}", {"namespace": "longhorn-system"}, spec)
        if claim:
            csi = {"driver": "driver.longhorn.io", "volumeHandle": name}
            used = {"namespace": "shop", "name": claim}
            self._put(f"/api/v1/persistentvolumes/{name}", {}, {"csi": csi, "claimRef": used})

    def webhooks(self, name: str = "policy", kind: str = "validating", **clients: Document) -> str:
        """A webhook configuration; its webhooks, with failure policy Fail, by their names. Gives its path."""
        path = f"{_WEBHOOKS}/{kind}webhookconfigurations/{name}"
        webhooks = [{"name": one, "clientConfig": client, "failurePolicy": "Fail"} for one, client in clients.items()]
        self.objects[path] = {"metadata": {"name": name}, "webhooks": webhooks}
        return path

    def answering(self, name: str, ready: bool | None = True, **spec: str) -> None:
        """A Service in namespace `policy`, with an endpoint that says whether it is ready."""
        self._put(f"/api/v1/namespaces/policy/services/{name}", {"namespace": "policy"}, dict(spec))
        path = f"/apis/discovery.k8s.io/v1/namespaces/policy/endpointslices/{name}-1"
        labels = {"kubernetes.io/service-name": name}
        endpoint = {"addresses": ["192.0.2.1"], "conditions": {} if ready is None else {"ready": ready}}
        self.objects[path] = {"metadata": {"name": f"{name}-1", "labels": labels}, "endpoints": [endpoint]}

    def gateway(self, name: str, *finalizers: str, service: str = "web") -> str:
        """A Gateway in namespace `shop` that owns a Service there. Gives its path."""
        path = f"/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways/{name}"
        self._put(path, {"namespace": "shop", "finalizers": [*finalizers]}, {})
        owner = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": name, "uid": f"{name}-uid"}
        self.objects[f"/api/v1/namespaces/shop/services/{service}"]["metadata"]["ownerReferences"] = [owner]
        return path

    def challenge(self, name: str, *finalizers: str) -> str:
        """A Challenge of cert-manager's in namespace `shop`. Gives its path."""
        path = f"/apis/acme.cert-manager.io/v1/namespaces/shop/challenges/{name}"
        self._put(path, {"namespace": "shop", "finalizers": [*finalizers]}, {})
        return path

    def policies(self, path: str) -> dict[str, str]:
        """The failure policies of a configuration's webhooks, by their names."""
        return {one["name"]: one["failurePolicy"] for one in self.objects[path]["webhooks"]}

    def names(self, plural: str) -> set[str]:
        """Of all objects of a kind."""
        return {one["metadata"]["name"] for path, one in self.objects.items() if f"/{plural}/" in path}

    def await_change(self, path: str, version: str, seconds: float) -> None:
        if version == str(self._version):
            raise AssertionError(f"nothing will change at {path}: a test must not wait for it")

    def _put(self, path: str, metadata: Document, spec: Document) -> None:
        self.objects[path] = {"metadata": {"name": path.rpartition("/")[2], **metadata}, "spec": spec}

    def _ask(
        self, method: str, path: str, query: Document, body: Document | None = None, content: str = ""
    ) -> Document:
        self.asked.append(f"{method} {path}")
        if self.silent:
            self.silent -= 1
            raise Unreachable("the API server does not answer: nobody there")
        for what, said in self.refusals.items():
            if f"{method} {path}".startswith(what):
                raise Refused(403, said)
        self._version += method != "GET"
        answer: Document = getattr(self, f"_{method.lower()}")(path, body, query)
        return copy.deepcopy(answer)

    def _get(self, path: str, body: Any, query: Document) -> Document:
        if path in self.objects or path == "/version":
            return self.objects.get(path, {})
        asked = _PATH.fullmatch(path)
        if not asked or asked["plural"] not in _LISTS or not path.endswith(asked["plural"]):
            return {}
        spaces = f"/namespaces/{asked['space']}" if asked["space"] else r"(?:/namespaces/[^/]+)?"
        of_it = re.compile(rf"{asked['group']}{spaces}/{asked['plural']}/[^/]+")
        items = [one for known, one in self.objects.items() if of_it.fullmatch(known)]
        for label, _, value, values in _SELECTED.findall(query.get("labelSelector", "")):
            allowed = values.split(",") if values else [value]
            items = [one for one in items if one["metadata"].get("labels", {}).get(label) in allowed]
        return {"metadata": {"resourceVersion": str(self._version)}, "items": items}

    def _post(self, path: str, body: Document, query: Document) -> Document:
        name = f"{path}/{body['metadata']['name']}"
        plural = path.rpartition("/")[2]
        if (policy := _REFUSING.get(plural)) and any(policy in known for known in self.objects):
            raise Refused(403, f"{plural} is forbidden: {MESSAGE}")
        if name in self.objects:
            raise Refused(409, f"{name} already exists")
        if "dryRun" not in query:
            self.objects[name] = copy.deepcopy(body)
        return body

    def _patch(self, path: str, body: Document, query: Document) -> Document:
        found = self.objects.get(path, {})
        if found:
            _merge(found, body)
        if "deletionTimestamp" in found.get("metadata", {}) and not found["metadata"].get("finalizers"):
            del self.objects[path]
        return found

    def _delete(self, path: str, body: Any, query: Document) -> Document:
        held = self.objects.get(path, {}).get("metadata", {})
        if held.get("finalizers"):
            held["deletionTimestamp"] = "2026-11-24T00:00:00Z"
            return {}
        return self.objects.pop(path, {})


def _merge(found: Document, change: Document) -> None:
    """A strategic merge: objects by their keys, objects of a list by their names."""
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict):
            _merge(found.setdefault(key, {}), value)
        elif isinstance(value, list) and not all(isinstance(one, str) for one in value):
            by_name = {one["name"]: one for one in found[key]}
            for one in value:
                _merge(by_name[one["name"]], one)
        else:
            found[key] = value
