"""Exoscale's workloads in a cluster's kube-system, as shown by `kubectl get pods -n kube-system`.

Names are assumed, except for CSI (docs/exoscale.md, Inside a cluster); requests and tolerations are those of the
upstream manifests. kwok plays the pods. The cloud controller manager is not one of them: it runs in the hidden control
plane.
"""

from typing import Any

from sandbox.api.sks_credentials import CSI
from sandbox.clusters import storage
from sandbox.clusters.kubeconfig import kubeconfig
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.objects import Object
from sandbox.csi import pods
from sandbox.store import Document

NAMESPACE = "kube-system"
DNS_ADDRESS = "10.96.0.10"  # docs/exoscale.md, Inside a cluster
METRICS_ADDRESS = "10.96.0.11"
METRICS_ADDON = "metrics-server"
AGGREGATED = "/apis/apiregistration.k8s.io/v1/apiservices"
CLUSTER_INFO = "/api/v1/namespaces/kube-public/configmaps"

EVERYWHERE = [{"operator": "Exists"}]
CRITICAL = [
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
]


def apply(api: Cluster, cluster: Document, server: str, authority: str) -> None:
    """Creates missing objects. What a user changed stays as it is.

    Args:
        cluster: its `cni`, `addons` and `enable-kube-proxy` decide which objects it has.
        server, authority: the cluster's address and PEM of its CA, published in the `cluster-info` ConfigMap.
    """
    for path, manifest in [*_manifests(cluster), (CLUSTER_INFO, _cluster_info(server, authority))]:
        # Checked first: creating a Service with a fixed address again is not a conflict but an invalid object.
        if api.get(f"{path}/{manifest['metadata']['name']}") is None:
            api.create(path, manifest)


def offer_metrics(api: Cluster, serves: bool) -> None:
    """Makes the API server offer `metrics.k8s.io` only while metrics-server serves it: an API that is offered but not
    served blocks the deletion of every namespace."""
    manifest = _metrics_api()
    if serves:
        api.create(AGGREGATED, manifest)
    else:
        api.delete(f"{AGGREGATED}/{manifest['metadata']['name']}")


def _manifests(cluster: Document) -> list[tuple[str, Object]]:
    daemon_sets: list[Object] = []
    deployments = [
        _workload("Deployment", "coredns", CRITICAL, "100m", "70Mi", replicas=2, labels={"k8s-app": "kube-dns"}),
        _workload("Deployment", "konnectivity-agent", CRITICAL, "50m", "30Mi", replicas=2),
    ]
    services = [_dns_service()]
    others: list[tuple[str, Object]] = []
    if cluster.get("cni") == "calico":
        daemon_sets.append(_workload("DaemonSet", "calico-node", EVERYWHERE, "250m", "0"))
        deployments.append(_workload("Deployment", "calico-kube-controllers", CRITICAL, "0", "0"))
    if cluster.get("cni") == "cilium":
        daemon_sets.append(_workload("DaemonSet", "cilium", EVERYWHERE, "100m", "100Mi"))
        deployments.append(_workload("Deployment", "cilium-operator", EVERYWHERE, "0", "0"))
    if cluster.get("enable-kube-proxy", True):
        daemon_sets.append(_workload("DaemonSet", "kube-proxy", EVERYWHERE, "0", "0"))
    if METRICS_ADDON in (cluster.get("addons") or []):
        deployments.append(_workload("Deployment", "metrics-server", CRITICAL, "100m", "200Mi"))
        services.append(_metrics_service())
    if CSI in (cluster.get("addons") or []):
        daemon_sets.append(_csi("DaemonSet", pods.NODE_DRIVER, EVERYWHERE, storage.NODE_DRIVER_CONTAINERS))
        deployments.append(_csi("Deployment", pods.CONTROLLER, [], storage.CONTROLLER_CONTAINERS))
        others = storage.manifests()
    core, apps = (f"{prefix}/namespaces/{NAMESPACE}" for prefix in ("/api/v1", "/apis/apps/v1"))
    workloads = daemon_sets + deployments
    return [
        # The service accounts first: without its own a pod is refused, and retried only later.
        *((f"{core}/serviceaccounts", _service_account(workload["metadata"]["name"])) for workload in workloads),
        *((f"{apps}/daemonsets", daemon_set) for daemon_set in daemon_sets),
        *((f"{apps}/deployments", deployment) for deployment in deployments),
        *((f"{core}/services", service) for service in services),
        *others,
    ]


def _workload(
    kind: str,
    name: str,
    tolerations: list[dict[str, str]],
    cpu: str,
    memory: str,
    replicas: int = 1,
    labels: dict[str, str] | None = None,
    containers: tuple[str, ...] = (),
) -> Object:
    """Makes a workload with one container of its own name, or `containers`; each requests `cpu` and `memory`."""
    selector = labels or {"k8s-app": name}
    daemon = kind == "DaemonSet"
    pod: dict[str, Any] = {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "priorityClassName": "system-node-critical" if daemon else "system-cluster-critical",
        "hostNetwork": daemon,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": tolerations,
        "containers": [_container(each, cpu, memory) for each in containers or (name,)],
    }
    spec: dict[str, Any] = {
        "selector": {"matchLabels": selector},
        "template": {"metadata": {"labels": selector}, "spec": pod},
    }
    if not daemon:
        spec["replicas"] = replicas
        pod["affinity"] = _spread(selector)
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "labels": selector}, "spec": spec}


def _csi(kind: str, name: str, tolerations: list[dict[str, str]], containers: tuple[str, ...]) -> Object:
    return _workload(kind, name, tolerations, "10m", "20Mi", 2, {"app": name}, containers)


def _container(name: str, cpu: str, memory: str) -> Object:
    return {
        "name": name,
        "image": f"registry.exoscale.test/{name}",  # nothing pulls it
        "resources": {"requests": {"cpu": cpu, "memory": memory}},
    }


def _spread(labels: dict[str, str]) -> Object:
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def _service_account(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}


def _dns_service() -> Object:
    # These labels make `kubectl cluster-info` print the CoreDNS line.
    labels = {
        "k8s-app": "kube-dns",
        "kubernetes.io/cluster-service": "true",
        "kubernetes.io/name": "CoreDNS",
    }
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
        {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153},
    ]
    spec = {"clusterIP": DNS_ADDRESS, "selector": {"k8s-app": "kube-dns"}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", "labels": labels}, "spec": spec}


def _metrics_service() -> Object:
    labels = {"k8s-app": METRICS_ADDON}
    ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 10250}]
    spec = {"clusterIP": METRICS_ADDRESS, "selector": labels, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": METRICS_ADDON, "labels": labels}, "spec": spec}


def _metrics_api() -> Object:
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": {"name": METRICS_ADDON, "namespace": NAMESPACE},
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        },
    }


def _cluster_info(server: str, authority: str) -> Object:
    data = {"kubeconfig": kubeconfig(server, authority)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cluster-info"}, "data": data}
