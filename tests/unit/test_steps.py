"""What the program gives our own provider, and that the provider can do its work with it."""

import sys
from typing import Any

import pytest

from components.provider.resources import RESOURCES, of_urn
from components.teardown.changes import Chosen, Placement
from tests.provider.conftest import Steps
from tests.unit.conftest import ORGANIZATION, STACK_ID, Registration, Run, World

KINDS = [kind.rpartition(":")[2] for kind in RESOURCES]
EVERY_STEP = {"storage": {"longhorn": True}, "dns": {"domain": "example.org"}}  # with these it takes every step
every_kind = pytest.mark.parametrize("kind", KINDS)


def registered(world: World, kind: str) -> Registration:
    return world.step(kind)


@every_kind
def test_the_provider_does_its_work_with_what_the_program_gives_it(
    run: Run, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "components.teardown.steps", Steps())
    step = registered(run(EVERY_STEP), kind)
    resource, inputs = of_urn(step.urn), step.inputs

    token, outputs = resource.create(inputs, print)
    state = {**inputs, **outputs}
    resource.verify(state, inputs)
    resource.update(token, state, {**inputs, "owner": "joe"}, print)
    resource.delete(token, state, print)
    assert {*resource.replacing} <= inputs.keys()


@every_kind
def test_every_step_knows_whose_it_is_and_in_which_organisation(run: Run, kind: str) -> None:
    inputs = registered(run({**EVERY_STEP, "owner": "jane", "zone": "at-vie-1"}), kind).inputs
    told: dict[str, Any] = {"project": "exoscale-sks", "stack": "dev", "owner": "jane", "zone": "at-vie-1"}
    if kind != "StackId":
        told |= {"stackId": STACK_ID, "organizationId": ORGANIZATION, "organizationName": "acme"}

    assert told.items() <= inputs.items()


def test_the_pinned_organisation_reaches_the_stack_id(run: Run) -> None:
    assert registered(run({"organization": "acme"}), "StackId").inputs["organization"] == "acme"


def test_the_settings_that_take_something_away_when_they_change_reach_the_stack_id(run: Run) -> None:
    chosen = {
        "zone": "at-vie-1",
        "level": "pro",
        "cni": "cilium",
        "protect": True,
        "version": "1.34.3",
        "nodepools": {"a": {"size": 3, "taints": {"dedicated": "a:NoSchedule"}}, "b": {"anti-affinity": False}},
        "ingress": {"load-balancer": "ccm", "nodepool": "b"},
        "storage": {"on-destroy": "keep"},
    }
    kept = registered(run(chosen), "StackId").inputs["settings"]
    without = registered(run({"ingress": {"controller": "none"}}), "StackId").inputs["settings"]

    assert Chosen.of("at-vie-1", kept) == Chosen(
        *("at-vie-1", "pro", "cilium", True, {"a": 3, "b": 2}, "ccm", "b", "nginx-ingress", "keep"),
        placements={
            "a": Placement(tainted=True, spread=True, nodes=3),
            "b": Placement(tainted=False, spread=False, nodes=2),
        },
        version="1.34.3",
    )
    assert (without["loadBalancer"], without["ingressNodepool"], without["chart"]) == ("none", "", "")
    assert without["version"] == ""


@pytest.mark.parametrize("kind", ["Drain", "SecondDrain"])
def test_the_drains_are_told_what_they_take_out_and_what_they_leave(run: Run, kind: str) -> None:
    world = run({"drain": {"wait-seconds": 7}, "storage": {"on-destroy": "keep"}})
    inputs = registered(world, kind).inputs

    assert {key: inputs[key] for key in inputs if key not in ("project", "stack", "owner")} == {
        "zone": "ch-gva-2",
        "stackId": STACK_ID,
        "organizationId": ORGANIZATION,
        "organizationName": "acme",
        "clusterId": "cluster-cluster-id",
        "instancePoolIds": ["the-instance-pool"],
        "loadBalancers": ["exoscale-sks-dev-ingress"],
        "onDestroy": "keep",
        "releases": kind == "Drain",
        "waitSeconds": 7,
    }


def test_whoever_reads_the_clusters_kubeconfig_uses_a_key_of_the_stacks_organisation(run: Run) -> None:
    kubeconfig = run().one("kubernetes").inputs["kubeconfig"]

    assert f"- --organization\n      - {ORGANIZATION}\n" in kubeconfig
