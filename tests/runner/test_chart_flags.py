"""Our own charts of the ingress controllers, rendered by Helm with the values of our components."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.ingress import CONTROLLERS
from runner.charts import stand_in
from sandbox.traffic.controllers import controller_of
from tools import path_of

TITLES = {"nginx": "F5 NGINX Ingress Controller", "ingress-nginx": "ingress-nginx", "traefik": "Traefik"}


def pod(name: str, folder: Path, ingress_class: str = "web") -> dict[str, Any]:
    """A pod of the chart's workload."""
    kind = CONTROLLERS[name]
    values = folder / "values.json"
    values.write_text(json.dumps(kind.values("ingress", ingress_class, {}, {})))
    chart = stand_in(kind.chart.name, folder)
    command = [path_of("helm"), "template", "ingress", chart, "--values", values]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    [workload] = [one for one in yaml.safe_load_all(rendered) if one and one["kind"] == "DaemonSet"]
    return {**workload["spec"]["template"], "metadata": {"name": "ingress-1", "namespace": "ingress"}}


@pytest.mark.parametrize("name", CONTROLLERS)
def test_the_sandbox_knows_the_controller_by_the_flags_of_its_pods(name: str, tmp_path: Path) -> None:
    found = controller_of(pod(name, tmp_path))
    assert found is not None
    assert found.title == TITLES[name]
    ports = {one["name"]: one["containerPort"] for one in pod(name, tmp_path)["spec"]["containers"][0]["ports"]}
    assert {port: found.ends_tls(number) for port, number in ports.items()} == {"http": False, "https": True}


@pytest.mark.parametrize("name", CONTROLLERS)
def test_the_class_of_our_settings_is_among_the_flags(name: str, tmp_path: Path) -> None:
    words = pod(name, tmp_path)["spec"]["containers"][0]["args"]
    assert any(
        word.lower().lstrip("-").endswith("ingress-class=web") or word.endswith("ingressClass=web") for word in words
    )


def test_traefik_serves_a_class_called_nginx_as_ingress_nginx_would(tmp_path: Path) -> None:
    words = pod("traefik", tmp_path, "nginx")["spec"]["containers"][0]["args"]
    assert "--providers.kubernetesingress" not in words
    assert {
        "--providers.kubernetesingressnginx",
        "--providers.kubernetesingressnginx.controllerclass=traefik.io/ingress-controller",
        "--providers.kubernetesingressnginx.ingressclass=nginx",
        "--providers.kubernetesingressnginx.watchingresswithoutclass=true",
    } <= set(words)
