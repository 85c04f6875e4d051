"""Every ingress controller, and both ways to a load balancer, in one stack: each step is an `up`, in order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.sandbox import Sandbox
from sandbox.stack import SandboxStack

pytestmark = pytest.mark.engine

CHARTS = {"nginx": "nginx-ingress", "ingress-nginx": "ingress-nginx", "traefik": "traefik"}


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack]) -> SandboxStack:
    return make_stack("ingress")


@pytest.mark.parametrize(
    ("controller", "load_balancer"), [("ingress-nginx", "managed"), ("traefik", "managed"), ("nginx", "ccm")]
)
def test_a_controller_comes_up_at_an_address_in_the_place_of_the_one_before(
    stack: SandboxStack, charts: Callable[[str], Path], sandbox: Sandbox, controller: str, load_balancer: str
) -> None:
    chart = str(charts(CHARTS[controller]))
    stack.config["exoscale-sks:ingress"] = {"controller": controller, "chart": chart, "load-balancer": load_balancer}
    result = stack.up()
    [nlb] = sandbox.cloud.store.list("load-balancer")
    assert result.outputs["ingress_ip"].value == nlb["ip"]
    assert len(nlb["services"]) == 2
    assert ("retired" in result.stdout) == (controller == "ingress-nginx")


def test_it_goes_without_a_trace(stack: SandboxStack, cloud: Callable[[], dict[str, int]]) -> None:
    stack.destroy()
    assert cloud() == {}
