"""What is awaited after create and update, on a real API server."""

import time
from threading import Thread, Timer
from typing import Any

import pytest
from google.protobuf import empty_pb2

from tests.sandbox.plugins.kubernetes.conftest import RealCluster
from tests.sandbox.plugins.kubernetes.plugin import Failed, Plugin

pytestmark = pytest.mark.engine

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SERVICE = "kubernetes:core/v1:Service"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def _in(namespace: str, name: str = "a", **metadata: Any) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, **metadata}


def _deployment(namespace: str, replicas: int = 1, selector: str = "x", **metadata: Any) -> dict[str, Any]:
    labels = {"app": selector}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nowhere/none"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pod}
    return {"metadata": _in(namespace, **metadata), "spec": spec}


def test_a_deployment_is_awaited_and_its_rollout_too(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    id, state = live.create(DEPLOYMENT, _deployment(namespace), timeout=60)
    assert state["status"]["availableReplicas"] == 1
    state = live.update(DEPLOYMENT, id, state, _deployment(namespace, replicas=2), timeout=60)
    assert state["status"]["availableReplicas"] == 2
    live.delete(DEPLOYMENT, id, state)
    assert not cluster.get("pods", "-n", namespace)["items"]  # deleted in the foreground


def test_a_deployment_that_never_runs_is_kept_with_its_reasons(
    live: Plugin, cluster: RealCluster, namespace: str
) -> None:
    body = _deployment(namespace)
    body["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    with pytest.raises(Failed) as failed:
        live.create(DEPLOYMENT, body, timeout=2)
    assert str(failed.value) == (
        f'resource "urn:pulumi:s::p::{DEPLOYMENT}::thing" was successfully created, but the Kubernetes API server '
        "reported that it failed to fully initialize or become live: 'a' timed out waiting to be Ready"
    )
    assert failed.value.id == f"{namespace}/a"
    assert "Minimum number of live Pods was not attained" in failed.value.reasons
    state = failed.value.state
    assert state
    with pytest.raises(Failed) as failed:
        live.read(DEPLOYMENT, f"{namespace}/a", state)
    assert failed.value.state, "a refresh keeps an unready object"

    state = live.update(DEPLOYMENT, f"{namespace}/a", state, _deployment(namespace), timeout=60)
    assert state["status"]["availableReplicas"] == 1


def test_a_service_without_address_is_kept_with_its_reasons(live: Plugin, namespace: str) -> None:
    body = {
        "metadata": _in(namespace),
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"a": "b"}},
    }
    with pytest.raises(Failed) as failed:
        live.create(SERVICE, body, timeout=1)
    assert failed.value.reasons[1:] == [
        "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match "
        "labels on any Pods",
        "Service was not allocated an IP address; does your cloud provider support this?",
    ]
    assert "[1/3] Finding Pods to direct traffic to" in live.logged


def test_a_service_is_ready_once_its_pods_are_and_it_has_an_address(
    live: Plugin, cluster: RealCluster, namespace: str
) -> None:
    live.create(DEPLOYMENT, _deployment(namespace, name="pods"), timeout=60)
    body = {
        "metadata": _in(namespace),
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "x"}},
    }
    address = '{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.7"}]}}}'

    def assign() -> None:
        while not cluster.get("services", "-n", namespace)["items"]:
            time.sleep(0.1)
        cluster.kubectl("patch", "service", "a", "-n", namespace, "--subresource=status", "--type=merge", "-p", address)

    cloud = Thread(target=assign)
    cloud.start()
    _, state = live.create(SERVICE, body, timeout=60)
    cloud.join()
    assert state["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.7"


def test_skip_await_waits_for_nothing(live: Plugin, namespace: str) -> None:
    annotations = {"pulumi.com/skipAwait": "true"}
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    id, _ = live.create(SERVICE, {"metadata": _in(namespace, annotations=annotations), "spec": spec})
    assert id == f"{namespace}/a"


def test_wait_for_waits_for_the_programs_own_condition(live: Plugin, namespace: str) -> None:
    ours = {"pulumi.com/waitFor": "jsonpath={.data.k}=v"}
    live.create(CONFIG_MAP, {"metadata": _in(namespace, annotations=ours), "data": {"k": "v"}}, timeout=1)
    ours = {"pulumi.com/waitFor": "jsonpath={.data.k}=w"}
    with pytest.raises(Failed, match="'b' timed out waiting to be Ready"):
        live.create(CONFIG_MAP, {"metadata": _in(namespace, "b", annotations=ours), "data": {"k": "v"}}, timeout=1)


def test_cancel_ends_a_wait(live: Plugin, namespace: str) -> None:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    inputs = live.check(SERVICE, {"metadata": _in(namespace), "spec": spec})
    cancel = Timer(1, live.stub.Cancel, [empty_pb2.Empty()])
    cancel.start()
    with pytest.raises(Failed, match='Resource operation was cancelled for "a"'):
        live.create_checked(SERVICE, inputs)
    cancel.join()
