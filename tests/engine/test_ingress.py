"""Every ingress controller and both ways to a load balancer come up, answer, and leave nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.sandbox import Sandbox
from sandbox.stack import SandboxStack

pytestmark = pytest.mark.engine

CHARTS = {"nginx": "nginx-ingress", "ingress-nginx": "ingress-nginx", "traefik": "traefik"}


@pytest.fixture
def ingress(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> Callable[..., SandboxStack]:
    def make(controller: str, **settings: object) -> SandboxStack:
        chart = str(charts(CHARTS[controller]))
        return make_stack(
            "ingress",
            config={"exoscale-sks:ingress": {"controller": controller, "chart": chart, **settings}},
        )

    return make


@pytest.mark.parametrize(
    ("controller", "load_balancer"), [("ingress-nginx", "managed"), ("traefik", "managed"), ("nginx", "ccm")]
)
def test_it_comes_up_at_an_address_and_goes_without_a_trace(
    ingress: Callable[..., SandboxStack],
    cloud: Callable[[], dict[str, int]],
    sandbox: Sandbox,
    controller: str,
    load_balancer: str,
) -> None:
    stack = ingress(controller, **{"load-balancer": load_balancer})
    result = stack.up()
    [nlb] = sandbox.cloud.store.list("load-balancer")
    assert result.outputs["ingress_ip"].value == nlb["ip"]
    assert len(nlb["services"]) == 2
    assert ("retired" in result.stdout) == (controller == "ingress-nginx")
    stack.destroy()
    assert cloud() == {}


def test_with_a_dead_ccm_the_first_destroy_leaves_nothing(
    ingress: Callable[..., SandboxStack], cloud: Callable[[], dict[str, int]], sandbox: Sandbox
) -> None:
    stack = ingress("nginx", **{"timeout-seconds": 5})
    stack.config["exoscale-sks:drain"] = {"wait-seconds": 3}
    stack.up()
    [cluster] = sandbox.cloud.store.list("sks-cluster")
    sandbox.control_planes.kill(cluster["id"], "ccm")

    stack.destroy()
    assert cloud() == {}
