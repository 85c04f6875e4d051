"""A preview says what the `up` does, for every kind of change, resource by resource."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import EngineEvent

from components.steps import PACKAGE
from runner.stack import SandboxStack
from tests.engine.operations import Operations, kinds, operations
from tests.engine.program import renamed

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SMALL = {"size": 1, "instance-type": "standard.small", "disk-size-gb": 20}
TWO_POOLS = {"default": SMALL, "second": {**SMALL, "taints": {"dedicated": "second:NoSchedule"}}}
ONE_POOL = {"default": SMALL}
STEPS = (
    "StackId",
    "Drain",
    "SecondDrain",
    "UnfinishedDrain",
    "NodepoolSweep",
    "RuleSweep",
    "ProgramKubeconfig",
)

# What each changes, on top of those before it; what at least has to be in the plan.
CHANGES: dict[str, tuple[Mapping[str, Any], str]] = {
    "the first up": ({}, "create"),
    "nothing": ({}, ""),
    "owner": ({"owner": "jane"}, "update"),
    "a second nodepool": ({"nodepools": TWO_POOLS}, "create"),
    "a larger nodepool": ({"nodepools": {**TWO_POOLS, "default": {**SMALL, "size": 2}}}, "update"),
    "a nodepool less": ({"nodepools": ONE_POOL}, "delete"),
    "the drain's settings": ({"drain": {"wait-seconds": 9}, "storage": {"csi": True, "on-destroy": "keep"}}, "update"),
    "the kubeconfig's life": ({"kubeconfig": {"ttl-seconds": 3600}}, "replace"),
    "a closed firewall": ({"firewall": {"open-node-ports": False}}, "delete"),
    "an open firewall again": ({"firewall": {"open-node-ports": True}}, "create"),
    "protection": ({"protect": True}, "update"),
    "no protection": ({"protect": False}, "update"),
    "level": ({"level": "pro"}, "replace"),
    "cni": ({"cni": "cilium"}, "replace"),
    "a load balancer of the cluster's": ({"ingress": {"load-balancer": "ccm"}}, "replace"),
    "one of the stack's again": ({"ingress": {"load-balancer": "managed"}}, "replace"),
    "no ingress": ({"ingress": {"controller": "none"}}, "delete"),
}


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> Iterator[SandboxStack]:
    made = make_stack(
        config={
            "exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))},
            "exoscale-sks:nodepools": ONE_POOL,
        }
    )
    yield made
    made.destroy()


def configure(stack: SandboxStack, settings: Mapping[str, Any]) -> None:
    """Changes settings; an object's other keys stay, except for nodepools, whose names are its keys."""
    for name, value in settings.items():
        key = f"exoscale-sks:{name}"
        merges = isinstance(value, dict) and name != "nodepools"
        stack.config[key] = {**stack.config.get(key, {}), **value} if merges else value


def planned_and_done(stack: SandboxStack) -> tuple[Operations, Operations]:
    """What a preview plans and what the `up` after it does, by URN."""
    planned: list[EngineEvent] = []
    done: list[EngineEvent] = []
    stack.preview(on_event=planned.append)
    stack.up(on_event=done.append)
    return operations(planned), operations(done)


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_preview_of_a_change_is_what_the_up_does(stack: SandboxStack, change: str) -> None:
    settings, at_least = CHANGES[change]
    configure(stack, settings)

    planned, done = planned_and_done(stack)

    assert planned == done
    assert at_least in kinds(done) if at_least else not done


@pytest.mark.parametrize("kind", STEPS)
def test_a_preview_of_a_renamed_step_is_what_the_up_does(stack: SandboxStack, kind: str) -> None:
    with renamed(kind):
        planned, done = planned_and_done(stack)
    stack.up()

    assert planned == done
    made = [steps for urn, steps in done.items() if f"{PACKAGE}:index:{kind}::" in urn]
    assert sorted(made) == [["create"], ["delete"]]


def test_a_change_of_zone_leaves_the_firewall_alone(stack: SandboxStack) -> None:
    configure(stack, {"zone": "at-vie-1"})
    planned, done = planned_and_done(stack)

    assert planned == done
    assert not [urn for urn in planned if "exoscale:index/securityGroup" in urn]
