"""Every ingress controller, and both ways to a load balancer, in one stack: each step is an `up`, in order."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.faults import Fault
from sandbox.sandbox import Sandbox

pytestmark = pytest.mark.engine

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
