"""Plugins under test, a real API server, and small charts."""

import os
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sandbox.clusters.account import Account
from tests.sandbox.plugins.kubernetes.plugin import Plugin
from tools import path_of

NAMESPACES = "/api/v1/namespaces"


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Plugin]:
    """A plugin whose program lives in tmp_path, not configured yet."""
    with Plugin(tmp_path, {"HOME": str(tmp_path), "KUBECONFIG": ""}) as running:
        yield running


@pytest.fixture
def nowhere() -> str:
    """A kubeconfig of a port where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return kubeconfig(f"https://127.0.0.1:{port}")


def kubeconfig(server: str, **user: Any) -> str:
    return yaml.safe_dump(
        {
            "current-context": "here",
            "clusters": [{"name": "there", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
            "users": [{"name": "me", "user": user or {"token": "t"}}],
            "contexts": [{"name": "here", "context": {"cluster": "there", "user": "me"}}],
        }
    )


@pytest.fixture
def chart(tmp_path: Path) -> Callable[..., Path]:
    """Writes a chart with a ConfigMap, and a Service of type LoadBalancer where `lb` is set."""

    def write(name: str = "tiny", version: str = "1.2.3", folder: Path = tmp_path, **more: Any) -> Path:
        path = folder / name
        (path / "templates").mkdir(parents=True, exist_ok=True)
        meta = {"apiVersion": "v2", "name": name, "version": version, "appVersion": "9", **more}
        (path / "Chart.yaml").write_text(yaml.safe_dump(meta))
        (path / "values.yaml").write_text("text: chart's own\n")
        (path / "templates" / "all.yaml").write_text(_TEMPLATE)
        return path

    return write


_TEMPLATE = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  {{- if .Values.keep }}
  annotations: {helm.sh/resource-policy: keep}
  {{- end }}
data: {text: {{ .Values.text | quote }}, password: {{ .Values.password | default "" | quote }}}
{{- if .Values.lb }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  finalizers: {{ toJson (.Values.finalizers | default list) }}
spec:
  type: LoadBalancer
  ports: [{port: 80}]
{{- end }}
"""


class RealCluster:
    """A control plane with one node, and kubectl on it.

    Attributes:
        api: for what would be one kubectl after another.
    """

    def __init__(self, home: Path) -> None:
        self._account = Account(home, addons=[])
        self._account.start()
        self._account.scale(1)
        self.api = self._account.api
        self.file = self._account.planes.admin_kubeconfig(self._account.id)

    def stop(self) -> None:
        self._account.close()

    @property
    def kubeconfig(self) -> str:
        return self.file.read_text()

    def kubectl(self, *arguments: str) -> str:
        done = self._account.kubectl(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, *arguments: str) -> Any:
        return self._account.get(*arguments)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    running = RealCluster(tmp_path_factory.mktemp("pulumi-kubernetes"))
    yield running
    running.stop()


@pytest.fixture
def live(plugin: Plugin, cluster: RealCluster) -> Plugin:
    """A plugin configured with the real cluster."""
    return plugin.configure(kubeconfig=cluster.kubeconfig)


@pytest.fixture
def helm(cluster: RealCluster) -> Callable[..., str]:
    """The real helm, used by somebody else than the plugin."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cluster.file.parent), "KUBECONFIG": str(cluster.file)}

    def run(*arguments: str) -> str:
        command = [str(path_of("helm")), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout

    return run


@pytest.fixture
def namespace(cluster: RealCluster) -> Iterator[str]:
    name = f"t{uuid.uuid4().hex[:8]}"
    cluster.api.create(NAMESPACES, {"metadata": {"name": name}})
    yield name
    cluster.api.delete(f"{NAMESPACES}/{name}")
