"""The simulated resource usage of pods and nodes, so that `kubectl top` has numbers to show.

Every container uses the same small amount, unless a pod has the annotations `kwok.x-k8s.io/usage-cpu` and `…-memory`.
"""

from typing import Any

CONTAINER_USAGE = {"cpu": "5m", "memory": "24Mi"}
# The paths for metrics-server in the node objects' annotation, on kwok's port.
PATH = "/metrics/nodes/{nodeName}/metrics/resource"


def documents() -> list[dict[str, Any]]:
    """Returns the configuration documents for kwok: the kubelets' resource metrics, and the usage behind them."""
    container = {
        "container": "container.name",
        "namespace": "pod.metadata.namespace",
        "pod": "pod.metadata.name",
    }
    pod = {key: value for key, value in container.items() if key != "container"}
    metrics = [
        _metric("scrape_error", "node", "gauge", "0"),
        _metric("node_cpu_usage_seconds_total", "node", "counter", 'node.CumulativeUsage("cpu")'),
        _metric("node_memory_working_set_bytes", "node", "gauge", 'node.Usage("memory")'),
        _metric("pod_cpu_usage_seconds_total", "pod", "counter", 'pod.CumulativeUsage("cpu")', pod),
        _metric("pod_memory_working_set_bytes", "pod", "gauge", 'pod.Usage("memory")', pod),
        _metric("container_start_time_seconds", "container", "gauge", "pod.SinceSecond()", container),
        _metric(
            "container_cpu_usage_seconds_total",
            "container",
            "counter",
            'pod.CumulativeUsage("cpu", container.name)',
            container,
        ),
        _metric(
            "container_memory_working_set_bytes",
            "container",
            "gauge",
            'pod.Usage("memory", container.name)',
            container,
        ),
    ]
    usage = {resource: {"expression": _expression(resource, least)} for resource, least in CONTAINER_USAGE.items()}
    return [
        _document("Metric", "resource", {"path": PATH, "metrics": metrics}),
        _document("ClusterResourceUsage", "usage", {"usages": [{"usage": usage}]}),
    ]


def _metric(name: str, dimension: str, kind: str, value: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    named = [{"name": label, "value": expression} for label, expression in (labels or {}).items()]
    return {"name": name, "help": name, "dimension": dimension, "kind": kind, "value": value, "labels": named}


def _expression(resource: str, least: str) -> str:
    annotation = f"kwok.x-k8s.io/usage-{resource}"
    given = f'Quantity(pod.metadata.annotations["{annotation}"])'
    return f'"{annotation}" in pod.metadata.annotations ? {given} : Quantity("{least}")'


def _document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
