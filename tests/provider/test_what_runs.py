"""The resources that look at what runs: the machines of nodepools, and the ingress controller's pods."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.rpc import UNKNOWN

from tests.provider.conftest import (
    INPUTS,
    MACHINES,
    SUBJECT,
    Calls,
    Engine,
    Steps,
    refusal,
    state,
)


@pytest.mark.parametrize(
    ("change", "looked"),
    [({"chart": "x"}, 1), ({"instancePoolId": "pool-2"}, 1), ({"size": 3}, 1), ({"owner": "joe", "waitSeconds": 9}, 0)],
)
def test_a_pod_of_the_ingress_controller_is_looked_for_again_when_its_place_or_its_chart_changed(
    calls: Calls, change: dict[str, Any], looked: int
) -> None:
    calls.create("IngressPods")
    new = {**INPUTS["IngressPods"], **change}
    calls.update("IngressPods", new, preview=True)
    calls.update("IngressPods", new)

    first, *again = calls.named("await_ingress_pod")
    assert first == [SUBJECT, "cluster-1", "ingress", "web", "pool-1", 180]
    assert len(again) == looked


def test_an_up_fails_without_a_pod_behind_the_load_balancer(calls: Calls, steps: Steps) -> None:
    line = steps.refuses("await_ingress_pod")

    assert refusal(lambda: calls.create("IngressPods")) == line
    assert refusal(lambda: calls.update("IngressPods", {**INPUTS["IngressPods"], "size": 3})) == line


def test_the_record_of_a_release_that_is_missing_from_the_state_is_forgotten_once_before_it_is_installed(
    calls: Calls, steps: Steps
) -> None:
    line = steps.refuses("forget_release")
    assert refusal(lambda: calls.create("ReleasePlace")) == line

    steps.answers("forget_release", None)
    calls.create("ReleasePlace")
    calls.update("ReleasePlace", {**INPUTS["ReleasePlace"], "owner": "joe"})
    calls.delete("ReleasePlace")

    assert calls.named("forget_release")[1:] == [[SUBJECT, "cluster-1", "longhorn-system", "longhorn"]]


def larger() -> dict[str, Any]:
    """The pool is to make other machines, and one more."""
    inputs = INPUTS["Machines"]
    return {**inputs, "pools": {"web": {**inputs["pools"]["web"], "instanceType": "standard.medium", "size": 3}}}


AFTERWARDS = {"web": [*[{**MACHINES["web"][0], "instanceType": "standard.medium", "number": 1}], *MACHINES["web"]]}


def test_machines_that_their_pool_would_make_otherwise_are_named_by_a_preview_and_by_an_up(
    calls: Calls, steps: Steps, engine: Engine
) -> None:
    line = "nodepool web makes machines with standard.medium from now on, and a, b stay without"
    steps.answers("old_machines", [line])
    calls.diff("Machines", state("Machines"), larger())

    assert engine.warnings == [line]
    assert calls.named("old_machines") == [[SUBJECT, "cluster-1", larger()["pools"]]]
    calls.diff("Machines", state("Machines"), {**larger(), "clusterId": UNKNOWN})
    assert len(calls.named("old_machines")) == 1, "none of them stays in another cluster"


def test_a_preview_of_another_type_knows_that_the_machines_stay_what_they_are(calls: Calls, steps: Steps) -> None:
    assert calls.update("Machines", larger(), preview=True)["machines"] == AFTERWARDS

    steps.answers("running_machines", AFTERWARDS)
    assert calls.update("Machines", larger())["machines"] == AFTERWARDS


def test_machines_that_changed_since_the_last_up_are_recorded_by_the_next(calls: Calls, steps: Steps) -> None:
    steps.answers("running_machines", AFTERWARDS)
    answer = calls.diff("Machines", state("Machines"), INPUTS["Machines"])

    assert list(answer.diffs) == ["machines"]
    assert "machines" not in answer.stables
    steps.refuses("running_machines")
    assert not calls.diff("Machines", state("Machines"), INPUTS["Machines"]).diffs, "a preview needs no good key"


def test_a_refresh_records_what_runs_by_now(calls: Calls, steps: Steps) -> None:
    now = {"web": [{"instanceType": "standard.small", "diskSizeGb": 20, "number": 3}]}
    steps.answers("running_machines", now)

    assert MessageToDict(calls.read("Machines").properties)["machines"] == now
