"""Decides by kind when an object counts as ready (docs/plugins.md, Kubernetes objects)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.plugins.kubernetes.cluster import Cluster, Object, Reference
from sandbox.plugins.kubernetes.connection import ApiError

NO_ADDRESS = "Service was not allocated an IP address; does your cloud provider support this?"
NO_PODS = (
    "Service does not target any Pods. Selected Pods may not be ready, "
    "or field '.spec.selector' may not match labels on any Pods"
)
TOO_FEW_PODS = "Minimum number of live Pods was not attained"
PODS_STATUS = "[1/3] Finding Pods to direct traffic to"
ADDRESS_STATUS = "[2/3] Attempting to allocate IP address to Service"
NOT_ROLLED_OUT = "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live"


@dataclass
class Check:
    """Repeated checks of one object.

    Attributes:
        settle_seconds: how long a Service's endpoints must stay the same.
        status: one line for the user about what is waited for.
    """

    cluster: Cluster
    settle_seconds: float
    status: str = ""
    _endpoints: Any = None
    _changed: float = field(default_factory=time.monotonic)

    def problems(self, live: Object) -> list[str]:
        """Returns why the object is not ready yet; empty once it is.

        Raises:
            ApiError, Unreachable: the API server did not say.
        """
        group = live["apiVersion"].partition("/")[0]
        look = _LOOKS.get((group, live["kind"]))
        return look(self, live) if look else []

    def service(self, live: Object) -> list[str]:
        spec = live.get("spec") or {}
        addressed = spec.get("type") != "LoadBalancer" or _addresses(live)
        if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
            return [] if addressed else [NO_ADDRESS]
        targeted = self._targets_pods(live)
        self.status = ADDRESS_STATUS if targeted else PODS_STATUS
        return ([] if targeted else [NO_PODS]) + ([] if addressed else [NO_ADDRESS])

    def ingress(self, live: Object) -> list[str]:
        metadata = live["metadata"]
        missing = []
        for name in sorted(_backends(live)):
            endpoints = self.cluster.find(Reference("v1", "Endpoints", metadata["namespace"], name))
            if not endpoints:
                missing.append(f"Ingress has at least one rule with an unavailable target endpoint: Service {name}")
        if not _addresses(live):
            missing.append(
                "Ingress .status.loadBalancer field was not updated with a hostname/IP address. "
                "\n    for more information about this error, see https://pulumi.io/xdv72s"
            )
        return missing

    def deployment(self, live: Object) -> list[str]:
        problems = []
        conditions = _conditions(live)
        rolled_out = conditions.get("Progressing", {}).get("reason") == "NewReplicaSetAvailable"
        if not _observed(live) or not rolled_out:
            problems.append(NOT_ROLLED_OUT)
        if conditions.get("Available", {}).get("status") != "True":
            problems.append(TOO_FEW_PODS)
        return problems + self._unbound_claims(live)

    def daemon_set(self, live: Object) -> list[str]:
        status = live.get("status") or {}
        wanted = status.get("desiredNumberScheduled", 0)
        current = min(status.get("numberAvailable", 0), status.get("updatedNumberScheduled", 0))
        if _observed(live) and current >= wanted:
            return []
        return [f"{current} out of {wanted} expected pods are updated and available"]

    def stateful_set(self, live: Object) -> list[str]:
        status = live.get("status") or {}
        wanted = (live.get("spec") or {}).get("replicas", 1)
        problems = []
        if not _observed(live) or status.get("readyReplicas", 0) < wanted:
            problems.append(f"{status.get('readyReplicas', 0)} out of {wanted} replicas succeeded readiness checks")
        if status.get("currentRevision") != status.get("updateRevision"):
            problems.append(".status.currentRevision does not match .status.updateRevision")
        return problems

    def volume_claim(self, live: Object) -> list[str]:
        if (live.get("status") or {}).get("phase") == "Bound" or self._binds_late(live):
            return []
        return [f"PersistentVolumeClaim {live['metadata']['name']!r} was not bound"]

    def pod(self, live: Object) -> list[str]:
        status = live.get("status") or {}
        if status.get("phase") == "Succeeded" or _conditions(live).get("Ready", {}).get("status") == "True":
            return []
        return [f"Pod is {status.get('phase', 'Pending')}: containers are not ready"]

    def job(self, live: Object) -> list[str]:
        if _conditions(live).get("Complete", {}).get("status") == "True":
            return []
        return ["Job has not completed"]

    def secret(self, live: Object) -> list[str]:
        if live.get("type") != "kubernetes.io/service-account-token" or (live.get("data") or {}).get("token"):
            return []
        return ["Secret was not populated with a token"]

    def _targets_pods(self, live: Object) -> bool:
        """Whether the Service has endpoints, all of them ready, and they stayed the same for a while."""
        metadata = live["metadata"]
        selector = f"kubernetes.io/service-name={metadata['name']}"
        slices = self.cluster.objects("discovery.k8s.io/v1", "EndpointSlice", metadata["namespace"], selector)
        found = [endpoint for one in slices for endpoint in one.get("endpoints") or []]
        if found != self._endpoints:
            self._endpoints, self._changed = found, time.monotonic()
        ready = all((endpoint.get("conditions") or {}).get("ready", True) for endpoint in found)
        return bool(found) and ready and time.monotonic() - self._changed >= self.settle_seconds

    def _unbound_claims(self, live: Object) -> list[str]:
        pod = live["spec"]["template"].get("spec") or {}
        claims = [
            volume["persistentVolumeClaim"]["claimName"]
            for volume in pod.get("volumes") or []
            if "persistentVolumeClaim" in volume
        ]
        problems = []
        for name in claims:
            claim = self.cluster.find(Reference("v1", "PersistentVolumeClaim", live["metadata"]["namespace"], name))
            if claim is None or (claim.get("status") or {}).get("phase") != "Bound":
                problems.append(f"Failed to bind PersistentVolumeClaim(s): {name!r}")
        return problems

    def _binds_late(self, live: Object) -> bool:
        """Whether its storage class waits for a first pod."""
        name = (live.get("spec") or {}).get("storageClassName")
        if not name:
            return False
        try:
            storage_class = self.cluster.get(Reference("storage.k8s.io/v1", "StorageClass", "", name))
        except ApiError:
            return False
        return bool(storage_class.get("volumeBindingMode") == "WaitForFirstConsumer")


_LOOKS: dict[tuple[str, str], Callable[[Check, Object], list[str]]] = {
    ("v1", "Service"): Check.service,
    ("v1", "PersistentVolumeClaim"): Check.volume_claim,
    ("v1", "Pod"): Check.pod,
    ("v1", "Secret"): Check.secret,
    ("apps", "Deployment"): Check.deployment,
    ("apps", "DaemonSet"): Check.daemon_set,
    ("apps", "StatefulSet"): Check.stateful_set,
    ("batch", "Job"): Check.job,
    ("networking.k8s.io", "Ingress"): Check.ingress,
}


def is_awaited(body: Object) -> bool:
    """Whether the plugin waits after creating or updating an object of this kind."""
    return (body["apiVersion"].partition("/")[0], body["kind"]) in _LOOKS


def _observed(live: Object) -> bool:
    observed: int = (live.get("status") or {}).get("observedGeneration", 0)
    return observed >= int(live["metadata"].get("generation", 0))


def _conditions(live: Object) -> dict[str, Object]:
    return {condition["type"]: condition for condition in (live.get("status") or {}).get("conditions") or []}


def _addresses(live: Object) -> bool:
    return bool(((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"))


def _backends(live: Object) -> set[str]:
    rules = (live.get("spec") or {}).get("rules") or []
    paths = [path for rule in rules for path in (rule.get("http") or {}).get("paths") or []]
    return {path["backend"]["service"]["name"] for path in paths if "service" in path["backend"]}
