"""What users put into a cluster, behind the stack's back."""

import json
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import yaml

from tests.engine.conftest import Kubectl
from tools import path_of

PREFIX = "service.beta.kubernetes.io/exoscale-loadbalancer-"
FINALIZER = "example.com/held"  # nobody ever removes it
RETRY_SECONDS = 0.2
TRIES = 200  # each a run of kubectl


def load_balancer(name: str, namespace: str, ports: tuple[int, ...] = (80,), pool_id: str = "") -> str:
    """A Service of type LoadBalancer.

    Args:
        pool_id: of the instance pool that it balances to; the cloud controller manager guesses where there is one.
    """
    return _yaml(
        "v1",
        "Service",
        {
            "name": name,
            "namespace": namespace,
            "annotations": {f"{PREFIX}service-instancepool-id": pool_id} if pool_id else {},
        },
        spec={
            "type": "LoadBalancer",
            "selector": {"app": name},
            "ports": [{"name": f"port-{port}", "port": port} for port in ports],
        },
    )


def stateful_set(name: str, namespace: str, replicas: int = 1) -> str:
    """A StatefulSet with a block storage volume per replica."""
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}
    return _yaml(
        "apps/v1",
        "StatefulSet",
        {"name": name, "namespace": namespace},
        spec={
            "replicas": replicas,
            "serviceName": name,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "store", "image": "store"}]},
            },
            "volumeClaimTemplates": [
                {"metadata": {"name": "data"}, "spec": {**claim, "storageClassName": "exoscale-sbs"}}
            ],
        },
    )


def claim(name: str, namespace: str, storage_class: str) -> str:
    """A PersistentVolumeClaim, and a Pod that uses it."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}
    volume = _yaml(
        "v1",
        "PersistentVolumeClaim",
        {"name": name, "namespace": namespace},
        spec={**spec, "storageClassName": storage_class},
    )
    pod = _yaml(
        "v1",
        "Pod",
        {"name": name, "namespace": namespace},
        spec={
            "containers": [{"name": "store", "image": "store"}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name}}],
        },
    )
    return f"{volume}---\n{pod}"


def static_volume(name: str, volume_id: str, zone: str = "ch-gva-2") -> str:
    """A PersistentVolume that a person writes, which names a volume that no driver of its cluster made."""
    spec = {
        "capacity": {"storage": "10Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "csi": {"driver": "csi.exoscale.com", "volumeHandle": f"{zone}/{volume_id}", "fsType": "ext4"},
    }
    return _yaml("v1", "PersistentVolume", {"name": name}, spec=spec)


def custom_object(
    api_version: str, kind: str, name: str, namespace: str, spec: dict[str, Any], finalizers: Sequence[str] = ()
) -> str:
    """An object of a kind that a CustomResourceDefinition defines."""
    return _yaml(api_version, kind, {"name": name, "namespace": namespace, "finalizers": [*finalizers]}, spec=spec)


def held_config_map(name: str, namespace: str) -> str:
    """A ConfigMap with a finalizer that nobody removes: a namespace that holds it never goes."""
    return _yaml("v1", "ConfigMap", {"name": name, "namespace": namespace, "finalizers": [FINALIZER]})


class Users:
    """Somebody with kubectl and all rights in one cluster."""

    def __init__(self, kubectl: Kubectl) -> None:
        self.kubectl = kubectl

    def namespace(self, name: str) -> None:
        """Makes a namespace."""
        self.kubectl("create", "namespace", name)

    def expose(self, name: str, namespace: str = "default", ports: tuple[int, ...] = (80,), pool_id: str = "") -> str:
        """Makes a Service of type LoadBalancer and waits for its address, which is returned."""
        self.apply(load_balancer(name, namespace, ports, pool_id))
        return self.address(name, namespace)

    def address(self, name: str, namespace: str = "default") -> str:
        """The address of a Service, once it has one."""
        path = "{.status.loadBalancer.ingress[0].ip}"
        self.kubectl("wait", f"service/{name}", "-n", namespace, f"--for=jsonpath={path}", "--timeout=60s")
        return self.kubectl("get", "service", name, "-n", namespace, "-o", f"jsonpath={path}")

    def await_event(self, name: str, said: str, namespace: str = "default") -> None:
        """Returns when an event of a Service says this."""
        about = f"involvedObject.kind=Service,involvedObject.name={name}"
        for _ in range(TRIES):
            events = self.kubectl.json("get", "events", "-n", namespace, f"--field-selector={about}")["items"]
            if any(said in event["message"] for event in events):
                return
        raise AssertionError(f"no event of {name} says {said!r}")

    def load_balancer_id(self, name: str, namespace: str = "default") -> str:
        """Id of the NLB that a Service holds, as its annotation says."""
        found: str = self.service(name, namespace)["metadata"]["annotations"][f"{PREFIX}id"]
        return found

    def service(self, name: str, namespace: str = "default") -> Any:
        """A Service as the API server has it."""
        return self.kubectl.json("get", "service", name, "-n", namespace)

    def store(self, name: str, namespace: str = "default", replicas: int = 1) -> None:
        """Makes a StatefulSet and waits until its pods run and its volumes are on their machines."""
        self.apply(stateful_set(name, namespace, replicas))
        self.kubectl("rollout", "status", f"statefulset/{name}", "-n", namespace, "--timeout=60s")
        self.await_attached(replicas)

    def await_attached(self, volumes: int) -> None:
        """Returns when so many volumes are on their machines."""
        for _ in range(TRIES):
            attachments = self.kubectl.json("get", "volumeattachments")["items"]
            if sum(item.get("status", {}).get("attached", False) for item in attachments) >= volumes:
                return
        raise AssertionError(f"fewer than {volumes} volumes are attached")

    def apply(self, manifest: str) -> None:
        """`kubectl apply`."""
        self.kubectl("apply", "-f", "-", stdin=manifest)

    def patch(self, kind: str, name: str, change: dict[str, Any], namespace: str = "default") -> None:
        """One JSON patch operation on an object."""
        self.kubectl("patch", kind, name, "-n", namespace, "--type=json", "-p", json.dumps([change]))

    def forget_releases(self) -> None:
        """Deletes Helm's records, as an uninstall does that then waits in vain (docs/plugins.md, Helm releases)."""
        self.kubectl("delete", "secrets", "--all-namespaces", "--selector=owner=helm")


def await_refusal(kubeconfig: Path) -> None:
    """Returns when the API server refuses the credential in this file."""
    command = [str(path_of("kubectl")), f"--kubeconfig={kubeconfig}", "get", "namespaces"]
    for _ in range(TRIES):
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if answer.returncode:
            assert "must be logged in" in answer.stderr
            return
    raise AssertionError(f"{kubeconfig} is still good")


class Recreating:
    """A controller that makes its Service of type LoadBalancer anew within a second of its deletion, as GitOps does.

    Attributes:
        refused: set once the API server refused to let it.
    """

    def __init__(self, kubeconfig: Path, name: str, namespace: str) -> None:
        self._kubeconfig = kubeconfig
        self._where = (f"service/{name}", "-n", namespace)
        self._manifest = load_balancer(name, namespace)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.refused = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._kubectl("wait", *self._where, "--for=delete", "--timeout=1s")
            answer = self._kubectl("apply", "-f", "-", stdin=self._manifest)
            if answer.returncode and "ValidatingAdmissionPolicy" in answer.stderr:
                self.refused.set()
            self._stop.wait(RETRY_SECONDS)

    def _kubectl(self, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        command = [str(path_of("kubectl")), f"--kubeconfig={self._kubeconfig}", "--request-timeout=5s", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=30, check=False)


def _yaml(version: str, kind: str, metadata: dict[str, Any], **rest: Any) -> str:
    return yaml.safe_dump({"apiVersion": version, "kind": kind, "metadata": metadata, **rest})
