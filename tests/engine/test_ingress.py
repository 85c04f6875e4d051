"""Every ingress controller, and both ways to a load balancer, in one stack: each step is an `up`, in order."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.faults import Fault
from sandbox.sandbox import Sandbox
from tests.engine.conftest import Kubectl
from tests.sandbox.waiting import until

pytestmark = pytest.mark.engine

HOST = "app.example"
APP = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app}}
spec:
  selector: {{matchLabels: {{app: app}}}}
  template:
    metadata: {{labels: {{app: app}}}}
    spec: {{containers: [{{name: app, image: sandbox.invalid/app}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: app}}
spec: {{selector: {{app: app}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: app}}
spec:
  rules:
    - host: {HOST}
      http:
        paths: [{{path: /app, pathType: Prefix, backend: {{service: {{name: app, port: {{name: http}}}}}}}}]
"""
CHARTS = {"nginx": "nginx-ingress", "ingress-nginx": "ingress-nginx", "traefik": "traefik"}


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack]) -> SandboxStack:
    return make_stack("ingress")


def test_a_chart_that_cannot_be_reached_is_one_line(stack: SandboxStack) -> None:
    stack.config["exoscale-sks:ingress"] = {"repository": "http://127.0.0.1:1/charts"}
    with pytest.raises(automation.CommandError, match="is not a valid chart repository or cannot be reached"):
        stack.up()


@pytest.mark.slow
def test_an_install_that_failed_is_made_good_by_the_next_up(
    stack: SandboxStack, charts: Callable[[str], Path], sandbox: Sandbox
) -> None:
    """Nothing refreshes in between, so the engine knows that the install failed, and upgrades it."""
    chart = str(charts(CHARTS["ingress-nginx"]))
    stack.config["exoscale-sks:ingress"] = {"controller": "ingress-nginx", "chart": chart, "timeout-seconds": 5}
    sandbox.cloud.faults.arm(Fault("add-service-to-load-balancer", "kill-ccm"))
    with pytest.raises(automation.CommandError, match="was created, but failed to initialize completely"):
        stack.up()
    [cluster] = sandbox.cloud.store.list("sks-cluster")
    sandbox.control_planes.revive(cluster["id"], "ccm")

    assert stack.up().outputs["ingress_ip"].value
    assert stack.up().summary.resource_changes.keys() == {"same"}


@pytest.mark.parametrize(
    ("controller", "load_balancer"),
    [
        pytest.param("ingress-nginx", "managed", marks=pytest.mark.slow),
        pytest.param("traefik", "managed", marks=pytest.mark.slow),
        ("nginx", "ccm"),
        ("nginx", "managed"),
    ],
)
def test_a_controller_comes_up_at_an_address_in_the_place_of_the_one_before(
    stack: SandboxStack,
    charts: Callable[[str], Path],
    sandbox: Sandbox,
    kubectl: Callable[[str], Kubectl],
    controller: str,
    load_balancer: str,
) -> None:
    chart = str(charts(CHARTS[controller]))
    stack.config["exoscale-sks:ingress"] = {"controller": controller, "chart": chart, "load-balancer": load_balancer}
    result = stack.up()
    [nlb] = sandbox.cloud.store.list("load-balancer")
    assert result.outputs["ingress_ip"].value == nlb["ip"]
    assert len(nlb["services"]) == 2
    assert ("retired" in result.stdout) == (controller == "ingress-nginx")

    kubectl(result.outputs["kubeconfig"].value)("apply", "-f", "-", stdin=APP)
    [local] = [one["local-port"] for one in sandbox.cloud.traffic.addresses() if one["port"] == 80]
    until(lambda: asked(f"http://127.0.0.1:{local}/app/x").ok, "the app does not answer on loopback")
    through = asked(f"http://{nlb['ip']}/app", sandbox.proxy_url)
    assert (through.headers["X-Sandbox-Ingress"], through.headers["X-Sandbox-Service"]) == ("default/app",) * 2
    assert asked(f"http://{nlb['ip']}/other", sandbox.proxy_url).status_code == 404


def asked(url: str, proxy: str = "") -> requests.Response:
    """Asks for a page of the app's host."""
    with requests.Session() as session:
        session.trust_env, session.proxies = False, {"http": proxy}
        return session.get(url, headers={"Host": HOST}, timeout=30)


def test_it_goes_without_a_trace(stack: SandboxStack, cloud: Callable[[], dict[str, int]]) -> None:
    stack.destroy()
    assert cloud() == {}
