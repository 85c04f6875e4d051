"""What a run of the engine waited for."""

import time
from typing import Any

import pytest
from pulumi.automation import EngineEvent

from bench.timeline import Operation, Run, Timeline, critical_path


def operation(name: str, began: float, ended: float, kind: str = "Thing") -> Operation:
    return Operation("create", kind, name, began, ended)


def names(operations: list[Operation]) -> list[str]:
    return [one.name for one in operations]


def test_the_critical_path_is_the_chain_of_those_that_each_began_when_the_one_before_had_ended() -> None:
    graph = [
        operation("group", 1, 3),
        operation("cluster", 1.1, 80),
        operation("rule", 3.1, 6),
        operation("pool", 80.1, 120),
        operation("kubeconfig", 80.1, 83),
        operation("release", 120.1, 125),
    ]
    assert names(critical_path(graph)) == ["cluster", "pool", "release"]


def test_in_a_destroy_the_longest_of_each_layer_is_on_the_critical_path() -> None:
    layers = [
        operation("rule", 0, 3),
        operation("pool", 0, 42),
        operation("group", 42.1, 44),
        operation("key", 42.1, 43),
    ]
    assert names(critical_path(layers)) == ["pool", "group"]


def test_operations_that_take_no_time_do_not_make_the_path_endless() -> None:
    assert names(critical_path([operation("one", 1, 1), operation("other", 1, 1), operation("last", 1, 2)])) == ["last"]


def test_a_run_that_does_nothing_waits_for_nothing() -> None:
    assert critical_path([]) == []


def test_a_run_adds_up_what_resources_of_some_types_took() -> None:
    run = Run(
        9, [operation("pool", 0, 4, "SksNodepool"), operation("other", 1, 3, "SksNodepool"), operation("nlb", 0, 1)]
    )
    assert run.took("SksNodepool", "Release") == 6


def event(kind: str, urn: str, custom: bool = True, verb: str = "create") -> EngineEvent:
    state = {"type": "", "urn": urn, "id": "", "parent": "", "provider": "", "custom": custom}
    type_ = urn.split("::")[2].rpartition("$")[2]
    metadata = {"op": verb, "urn": urn, "type": type_, "provider": "", "new": state}
    answer: Any = {"sequence": 1, "timestamp": 1, kind: {"metadata": metadata, "status": 0, "steps": 0}}
    return EngineEvent.from_json(answer)


POOL = "urn:pulumi:dev::exoscale-sks::x:components:Nodepool$exoscale:index/sksNodepool:SksNodepool::default-nodepool"
BEGINS, ENDS, FAILS = "resourcePreEvent", "resOutputsEvent", "resOpFailedEvent"


@pytest.mark.parametrize("end", [ENDS, FAILS])
def test_an_operation_lasts_from_the_engines_first_word_on_it_to_its_last(end: str) -> None:
    timeline = Timeline(time.monotonic())
    timeline(event(BEGINS, POOL))
    assert timeline.operations == []
    timeline(event(end, POOL))
    [found] = timeline.operations
    assert str(found) == "create SksNodepool default-nodepool"
    assert 0 <= found.began < found.ended


def test_what_replaces_a_resource_and_what_deletes_the_old_one_are_two_operations() -> None:
    timeline = Timeline(time.monotonic())
    for kind, verb in ((BEGINS, "delete-replaced"), (ENDS, "delete-replaced"), (BEGINS, "create"), (ENDS, "create")):
        timeline(event(kind, POOL, verb=verb))
    assert [one.verb for one in timeline.operations] == ["delete-replaced", "create"]


def test_components_and_providers_are_no_operations() -> None:
    timeline = Timeline(time.monotonic())
    for kind in (BEGINS, ENDS):
        timeline(event(kind, POOL, custom=False))
        timeline(event(kind, "urn:pulumi:dev::exoscale-sks::pulumi:providers:exoscale::default"))
    assert timeline.operations == []
