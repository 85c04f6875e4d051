"""The demo app on the real engine: it comes up with the stack, stays as it is, and a destroy removes it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from runner.charts import GATEWAY_API
from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.sandbox.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CHARTS = {"nginx": "nginx-ingress", "ingress-nginx": "ingress-nginx", "traefik": "traefik"}


@pytest.mark.parametrize("controller", CHARTS)
def test_a_stack_with_the_demo_app_comes_up_stays_and_goes_without_a_trace(
    make_stack: Callable[..., SandboxStack],
    charts: Callable[[str], Path],
    cloud: Callable[[], dict[str, int]],
    sandbox: Sandbox,
    controller: str,
) -> None:
    stack = make_stack(f"demo-{controller}")
    stack.config["exoscale-sks:demo"] = True
    stack.config["exoscale-sks:ingress"] = {"controller": controller, "chart": str(charts(CHARTS[controller]))}

    outputs = stack.up().outputs
    name = outputs["ingress_ip"].value.replace(".", "-")
    url = outputs["demo_url"].value
    assert url == f"http://{name}.nip.io/rickroller"
    with requests.Session() as session:
        session.trust_env, session.proxies = False, {"http": sandbox.proxy_url}
        until(lambda: session.get(url, timeout=10).ok, f"{url} does not answer")
        below = session.get(f"{url}/t/abc", timeout=10)
    assert (below.headers["X-Sandbox-Ingress"], below.headers["X-Sandbox-Service"]) == ("default/demo",) * 2
    assert stack.up().summary.resource_changes.keys() == {"same"}
    stack.destroy()
    assert cloud() == {}


def test_a_gateway_serves_it_by_a_route(
    make_stack: Callable[..., SandboxStack],
    charts: Callable[[str], Path],
    cloud: Callable[[], dict[str, int]],
    sandbox: Sandbox,
) -> None:
    stack = make_stack("demo-gateway")
    stack.config["exoscale-sks:demo"] = True
    stack.config["exoscale-sks:ingress"] = {
        "controller": "traefik",
        "chart": str(charts("traefik")),
        "gateway-api": True,
        "gateway-api-crds": str(GATEWAY_API),
    }

    stack.up()
    [port] = [one["local-port"] for one in sandbox.cloud.traffic.addresses() if one["port"] == 80]
    until(lambda: requests.get(f"http://127.0.0.1:{port}/rickroller", timeout=10).ok, "the route does not answer")
    assert stack.up().summary.resource_changes.keys() == {"same"}
    stack.destroy()
    assert cloud() == {}
