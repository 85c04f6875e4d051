"""A protected stack stays whole until somebody lifts the protection."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi import automation

from sandbox.sandbox import Sandbox
from sandbox.stack import SandboxStack

pytestmark = pytest.mark.engine

PROTECT = "exoscale-sks:protect"


def test_a_protected_stack_loses_nothing_to_a_destroy_until_protect_is_false_again(
    make_stack: Callable[..., SandboxStack],
    charts: Callable[[str], Path],
    cloud: Callable[[], dict[str, int]],
    sandbox: Sandbox,
) -> None:
    chart = {"exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))}}
    stack = make_stack(config={**chart, PROTECT: True})
    stack.up()
    before = cloud()
    services = [item["services"] for item in sandbox.cloud.store.list("load-balancer")]

    with pytest.raises(automation.CommandError, match="protected"):
        stack.destroy()
    assert cloud() == before
    assert [item["services"] for item in sandbox.cloud.store.list("load-balancer")] == services  # not even drained

    stack.config[PROTECT] = False
    stack.up()
    stack.destroy()
    assert cloud() == {}
