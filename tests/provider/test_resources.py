"""What the engine is told of each resource type, and which step each of its verbs is."""

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from components.teardown import steps
from tests.provider.conftest import (
    ADDED,
    INPUTS,
    SUBJECT,
    Calls,
    DrainTarget,
    Engine,
    Steps,
    refusal,
    state,
    urn,
)

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
KINDS = tuple(INPUTS)
ARMED = {"Drain": "drain", "SecondDrain": "second-drain", "NodepoolSweep": "nodepool-sweep"}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_armed_kind = pytest.mark.parametrize("kind", ARMED)


@every_kind
def test_the_state_holds_the_inputs_the_outputs_and_the_number_of_its_layout(calls: Calls, kind: str) -> None:
    id_, made = calls.create(kind)

    assert id_
    assert made == state(kind)


def test_the_roles_are_those_that_the_teardown_knows() -> None:
    assert set(ARMED.values()) == {steps.DRAIN, steps.SECOND_DRAIN, steps.NODEPOOL_SWEEP}


@every_kind
def test_a_preview_runs_no_step_and_leaves_unknown_only_what_create_finds_out(
    calls: Calls, steps: Steps, kind: str
) -> None:
    id_, made = calls.create(kind, preview=True)

    asked = {"DnsRecords": ["refused_records"], "IngressPods": ["taken_class"]}  # which change nothing
    assert (id_, [name for name, *_ in steps.calls]) == ("", asked.get(kind, []))
    unknown = (
        {} if kind == "Machines" else dict.fromkeys(ADDED.get(kind, {}), UNKNOWN)
    )  # those follow from the settings
    assert made == {**state(kind), **unknown}


CHANGES = [
    *((kind, {"zone": "at-vie-1"}, []) for kind in KINDS),
    *((kind, {"owner": "joe"}, []) for kind in KINDS),
    *((kind, {"project": "store", "stack": "prod"}, []) for kind in KINDS),
    *((kind, {"stackId": "5fac1d000002"}, []) for kind in KINDS if kind != "StackId"),
    *((kind, {"clusterId": "cluster-2"}, ["clusterId"]) for kind in ARMED),
    *((kind, {"clusterId": UNKNOWN}, ["clusterId"]) for kind in ARMED),
    ("ProgramKubeconfig", {"clusterId": "cluster-2"}, ["clusterId"]),
    ("ProgramKubeconfig", {"clusterId": UNKNOWN}, ["clusterId"]),
    ("ProgramKubeconfig", {"kubeconfig": "another text"}, []),
    ("IngressPods", {"clusterId": "cluster-2"}, ["clusterId"]),
    ("IngressPods", {"instancePoolId": UNKNOWN, "size": 3}, []),
    ("ReleasePlace", {"clusterId": UNKNOWN}, ["clusterId"]),
    ("ReleasePlace", {"namespace": "other", "release": "other"}, ["namespace", "release"]),
    ("DnsRecords", {"domain": "example.com"}, ["domain"]),
    ("DnsRecords", {"names": ["shop-prod", "*.shop-prod"]}, ["names"]),
    ("DnsRecords", {"address": "198.51.100.8"}, []),
    ("DnsRecords", {"address": UNKNOWN}, []),
    ("RuleSweep", {"securityGroupId": "group-2"}, ["securityGroupId"]),
    ("RuleSweep", {"securityGroupId": UNKNOWN}, ["securityGroupId"]),
    ("Drain", {"instancePoolIds": ["pool-1", "pool-2"]}, []),
    ("Drain", {"instancePoolIds": ["pool-1", UNKNOWN]}, []),
    ("Drain", {"onDestroy": "keep", "waitSeconds": 5, "releases": False, "loadBalancers": []}, []),
]


@pytest.mark.parametrize(("kind", "change", "replaces"), CHANGES)
def test_only_another_cluster_or_group_makes_another_resource_which_the_old_one_goes_before(
    calls: Calls, kind: str, change: dict[str, Any], replaces: list[str]
) -> None:
    answer = calls.diff(kind, state(kind), {**INPUTS[kind], **change})

    assert answer.changes == answer.DIFF_SOME
    assert sorted(answer.diffs) == sorted(change) == sorted(answer.detailedDiff)
    assert sorted(answer.replaces) == sorted(replaces)
    assert answer.deleteBeforeReplace
    assert set(ADDED.get(kind, {})) <= set(answer.stables)
    assert not set(change) & set(answer.stables)


def test_a_class_of_another_controller_is_refused_when_it_is_first_chosen(calls: Calls, steps: Steps) -> None:
    steps.answers("taken_class", "ingress.class is public, and the cluster has an IngressClass of another controller")
    public = {**INPUTS["IngressPods"], "ingressClass": "public"}

    for call in (
        lambda: calls.create("IngressPods", public, preview=True),
        lambda: calls.diff("IngressPods", state("IngressPods"), public),
    ):
        assert refusal(call).startswith("ingress.class is public, and ")
    calls.diff("IngressPods", state("IngressPods"), INPUTS["IngressPods"])
    calls.create("IngressPods", {**public, "clusterId": UNKNOWN}, preview=True)
    assert len(calls.named("taken_class")) == 2


def test_an_up_warns_of_ingresses_that_are_not_served_as_they_are_written(
    calls: Calls, steps: Steps, engine: Engine
) -> None:
    steps.answers("unserved_ingresses", ["Ingress shop/web uses what F5's controller ignores"])
    before_there_were_any = {key: value for key, value in state("IngressPods").items() if key != "ingressClass"}
    calls.diff("IngressPods", before_there_were_any, INPUTS["IngressPods"])
    assert engine.warnings == []

    calls.diff("IngressPods", state("IngressPods"), INPUTS["IngressPods"])
    assert engine.warnings == ["Ingress shop/web uses what F5's controller ignores"]


@every_kind
def test_the_same_inputs_are_no_change(calls: Calls, kind: str) -> None:
    answer = calls.diff(kind, state(kind), INPUTS[kind])

    assert answer.changes == answer.DIFF_NONE


def test_a_kubeconfig_that_a_preview_does_not_know_is_what_it_was(calls: Calls) -> None:
    unknown = {**INPUTS["ProgramKubeconfig"], "kubeconfig": UNKNOWN}

    answer = calls.diff("ProgramKubeconfig", state("ProgramKubeconfig"), unknown)
    assert answer.changes == answer.DIFF_NONE
    renamed = calls.update("ProgramKubeconfig", {**unknown, "stackId": UNKNOWN}, preview=True)
    assert renamed == {**state("ProgramKubeconfig"), "stackId": UNKNOWN}


def test_an_input_of_an_earlier_release_that_is_gone_is_a_change(calls: Calls) -> None:
    answer = calls.diff("RuleSweep", state("RuleSweep", former="x"), INPUTS["RuleSweep"])

    assert {key: change.kind for key, change in answer.detailedDiff.items()} == {"former": 2}  # DELETE


@pytest.mark.parametrize("preview", [True, False])
@every_kind
def test_an_update_keeps_what_create_found_out(calls: Calls, kind: str, preview: bool) -> None:
    new = {**INPUTS[kind], "zone": "at-vie-1"}

    assert calls.update(kind, new, preview) == {**state(kind), "zone": "at-vie-1"}


@every_armed_kind
def test_a_create_arms_the_step_by_its_id_which_a_delete_hands_over(calls: Calls, kind: str) -> None:
    token, _ = calls.create(kind)
    other, _ = calls.create(kind)
    calls.delete(kind)

    armed = [[SUBJECT, ARMED[kind], "cluster-1", made] for made in (token, other)]
    assert calls.named("arm") == armed
    assert token != other
    step = "sweep_nodepools" if kind == "NodepoolSweep" else "drain"
    assert [list(call)[: 3 if step == "drain" else 2] for call in calls.named(step)] == [
        [SUBJECT, *([ARMED[kind]] if step == "drain" else []), "token"]
    ]


@pytest.mark.parametrize("change", [{"owner": "joe"}, {"stack": "prod"}, {"project": "store"}, {"stackId": "other"}])
@every_armed_kind
def test_a_step_whose_stack_got_another_name_or_owner_is_armed_again_as_itself(
    calls: Calls, kind: str, change: dict[str, str]
) -> None:
    new = {**INPUTS[kind], **change}
    calls.update(kind, new, preview=True)
    assert calls.named("arm") == []
    calls.update(kind, new)

    ((subject, role, cluster, token),) = calls.named("arm")
    assert (role, cluster, token) == (ARMED[kind], "cluster-1", "token")
    assert change.items() <= {**vars(subject), "stackId": subject.stack_id}.items()


def test_what_a_drain_only_has_to_know_later_is_written_down_without_a_call(calls: Calls, steps: Steps) -> None:
    calls.update("Drain", {**INPUTS["Drain"], "instancePoolIds": ["pool-2"], "onDestroy": "keep"})

    assert steps.calls == []


CCM, MANAGED = {"loadBalancers": [], "releases": True}, {"loadBalancers": ["shop-dev-ingress"], "releases": True}
NONE: dict[str, Any] = {"loadBalancers": [], "releases": False}


@pytest.mark.parametrize(
    ("was", "to_be", "looks"),
    [(CCM, MANAGED, True), (CCM, NONE, True), (CCM, CCM, False), (MANAGED, CCM, False), (NONE, MANAGED, False)],
)
def test_the_last_step_of_an_up_looks_for_the_load_balancer_that_the_cluster_made_before(
    calls: Calls, was: dict[str, Any], to_be: dict[str, Any], looks: bool
) -> None:
    for kind in ("Drain", "SecondDrain"):
        calls.update(kind, {**INPUTS[kind], **to_be}, old={**state(kind), **was})

    assert calls.named("remove_leftover_balancer") == ([[SUBJECT, "cluster-1"]] if looks else [])


def test_a_cluster_that_a_destroy_closed_and_left_is_a_change_of_the_second_drain_which_opens_it(
    calls: Calls, steps: Steps
) -> None:
    """It is updated before the ingress controller is installed; the drain itself comes after it."""
    steps.answers("left_behind", ("closedByADestroy",))

    answer = calls.diff("SecondDrain", state("SecondDrain"), INPUTS["SecondDrain"])
    assert (answer.changes, list(answer.diffs), list(answer.replaces)) == (2, ["closedByADestroy"], [])  # DIFF_SOME
    assert calls.diff("Drain", state("Drain"), INPUTS["Drain"]).changes == 1  # DIFF_NONE
    calls.update("SecondDrain", INPUTS["SecondDrain"], preview=True)
    assert calls.named("clear_away") == []

    assert calls.update("SecondDrain", INPUTS["SecondDrain"]) == state("SecondDrain")
    assert calls.named("clear_away") == [[SUBJECT, "cluster-1"]]


def test_a_second_drain_asks_and_opens_nothing_in_a_cluster_that_it_leaves(calls: Calls, steps: Steps) -> None:
    steps.answers("left_behind", ("closedByADestroy",))
    calls.diff("SecondDrain", state("SecondDrain"), {**INPUTS["SecondDrain"], "clusterId": UNKNOWN})

    assert steps.calls == []


def test_a_second_drain_opens_nothing_where_no_destroy_closed_it(calls: Calls) -> None:
    calls.update("SecondDrain", {**INPUTS["SecondDrain"], "waitSeconds": 5})

    assert calls.named("left_behind") == [[SUBJECT, "cluster-1"]]
    assert calls.named("clear_away") == []


def test_a_delete_gives_the_drain_what_the_last_up_recorded(calls: Calls) -> None:
    calls.delete("Drain")
    calls.delete("SecondDrain")

    target = DrainTarget("cluster-1", ("pool-1",), ("shop-dev-ingress",), "refuse", True, 120)
    second = DrainTarget("cluster-1", ("pool-1",), ("shop-dev-ingress",), "refuse", False, 120)
    assert calls.named("drain") == [
        [SUBJECT, "drain", "token", target],
        [SUBJECT, "second-drain", "token", second],
    ]


def test_the_drain_of_an_unfinished_up_is_never_armed_and_gets_what_it_drains(calls: Calls) -> None:
    calls.create("UnfinishedDrain")
    calls.delete("UnfinishedDrain")

    target = DrainTarget("cluster-1", ("pool-1",), ("shop-dev-ingress",), "refuse", False, 120)
    assert calls.named("arm") == []
    assert calls.named("drain_unfinished") == [[SUBJECT, target]]


def test_the_sweeps_get_what_they_sweep(calls: Calls) -> None:
    for kind in ("NodepoolSweep", "RuleSweep", "StackId"):
        calls.delete(kind)

    assert calls.named("sweep_nodepools") == [[SUBJECT, "token", "cluster-1"]]
    assert calls.named("sweep_rules") == [[SUBJECT, "group-1"]]
    assert calls.named("sweep_stack") == [[SUBJECT]]


@every_kind
def test_a_delete_compares_the_state_with_the_stack_that_it_is_in_before_anything_else(
    calls: Calls, steps: Steps, kind: str
) -> None:
    line = steps.refuses("refuse_copy")

    assert refusal(lambda: calls.delete(kind, stack="copy", project="other")) == line
    assert steps.calls == [("refuse_copy", SUBJECT, "other", "copy")]


@every_kind
def test_a_state_of_a_later_release_is_refused_by_every_verb(calls: Calls, steps: Steps, kind: str) -> None:
    later = state(kind, version=2)
    line = "the state was written by a later release (layout 2, this one knows 1). Next: run the same command"

    assert refusal(lambda: calls.delete(kind, later)).startswith(line)
    assert refusal(lambda: calls.diff(kind, later, INPUTS[kind])).startswith(line)
    assert steps.calls == []


@every_kind
def test_a_refresh_changes_nothing(calls: Calls, kind: str) -> None:
    answer = calls.read(kind)

    assert (answer.id, answer.properties["version"]) == ("token", 1)


def test_a_secret_input_stays_one_in_the_state_and_reaches_the_step_in_clear(calls: Calls) -> None:
    secret = {**SECRET, "value": "jane"}
    _, made = calls.create("NodepoolSweep", {**INPUTS["NodepoolSweep"], "owner": secret})
    calls.delete("NodepoolSweep", made)

    assert made["owner"] == secret
    assert calls.named("sweep_nodepools") == [[SUBJECT, "token", "cluster-1"]]
    assert calls.diff("NodepoolSweep", made, INPUTS["NodepoolSweep"]).changes == 1  # DIFF_NONE


def test_a_type_that_does_not_exist_is_named(calls: Calls) -> None:
    assert refusal(lambda: calls.delete("Gate", state("Drain"))).endswith("type exoscale-teardown:index:Gate")


@pytest.mark.parametrize("kind", ["StackId", "RuleSweep"])
def test_a_renamed_one_leaves_the_work_to_its_successor_in_the_program(
    calls: Calls, steps: Steps, engine: Engine, kind: str
) -> None:
    calls.check(kind, name="new")
    calls.delete(kind, name="old")

    assert steps.calls == []
    assert engine.kept == [f"nothing to do: {urn(kind, 'new')} has taken its place"]


def test_a_rule_sweep_of_another_group_is_no_successor(calls: Calls) -> None:
    calls.check("RuleSweep", {**INPUTS["RuleSweep"], "securityGroupId": "group-2"}, name="other")
    calls.delete("RuleSweep", name="old")

    assert calls.named("sweep_rules") == [[SUBJECT, "group-1"]]


@pytest.mark.parametrize("kind", ["StackId", "RuleSweep"])
def test_the_same_one_is_no_successor_of_itself(calls: Calls, kind: str) -> None:
    calls.check(kind)
    calls.delete(kind)

    assert calls.named("refuse_copy")
