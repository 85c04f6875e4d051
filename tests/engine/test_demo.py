"""The demo app on the real engine: it comes up with the stack, stays as it is, and a destroy removes it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.stack import SandboxStack

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CHARTS = {"nginx": "nginx-ingress", "ingress-nginx": "ingress-nginx", "traefik": "traefik"}


@pytest.mark.parametrize("controller", CHARTS)
def test_a_stack_with_the_demo_app_comes_up_stays_and_goes_without_a_trace(
    make_stack: Callable[..., SandboxStack],
    charts: Callable[[str], Path],
    cloud: Callable[[], dict[str, int]],
    controller: str,
) -> None:
    stack = make_stack(f"demo-{controller}")
    stack.config["exoscale-sks:demo"] = True
    stack.config["exoscale-sks:ingress"] = {"controller": controller, "chart": str(charts(CHARTS[controller]))}

    outputs = stack.up().outputs
    assert outputs["demo_url"].value == f"http://{outputs['ingress_ip'].value}/rickroller"
    assert stack.up().summary.resource_changes.keys() == {"same"}
    stack.destroy()
    assert cloud() == {}
