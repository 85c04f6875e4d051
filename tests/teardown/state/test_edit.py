"""Taking out of a state exactly what only a control plane could delete, and every reference to it."""

from typing import Any

import pytest

from components.teardown.cloud.account import Document
from components.teardown.errors import TeardownError
from components.teardown.state.edit import hopeless, refuse_protected, without
from components.teardown.state.legacy import COMMAND
from components.teardown.state.recorded import BALANCER, CLUSTER, KUBECONFIG, NODEPOOL, resources
from tests.teardown.deployment import (
    COMPONENT,
    DRAIN,
    KUBERNETES_PROVIDER,
    RELEASE,
    SECOND_DRAIN,
    SERVICE,
    STACK,
    cluster,
    command,
    exported,
    in_the_cluster,
    nodepool,
    resource,
    stack_id,
    urn,
)

CLUSTER_ID, POOL = "the-cluster", "the-pool"


def whole() -> Document:
    """The state of a stack of ours that is up, with the drain of a program of before the provider."""
    return exported(
        stack_id(),
        cluster(CLUSTER_ID),
        nodepool("the-nodepool", POOL, CLUSTER_ID),
        *in_the_cluster(CLUSTER_ID, POOL),
        command("gate", delete=f"sh teardown/run.sh drain --cluster {CLUSTER_ID}"),
        resource(BALANCER, "ingress", "the-nlb", after=[urn(NODEPOOL, "default")]),
        command("file", create="true", after=urn(KUBECONFIG, "access")),
    )


def urns(found: list[Document]) -> set[str]:
    return {one["urn"] for one in found}


IN_THE_CLUSTER = {
    urn(RELEASE, "ingress"),
    urn(SERVICE, "ingress"),
    urn(DRAIN, "drain"),
    urn(SECOND_DRAIN, "second"),
    urn(COMMAND, "gate"),
}
THE_CLUSTERS = {urn(CLUSTER, "cluster"), urn(NODEPOOL, "default"), urn(KUBECONFIG, "access")}


def test_a_silent_cluster_costs_only_what_is_in_it() -> None:
    assert urns(hopeless(whole(), gone=set())) == IN_THE_CLUSTER


def test_a_cluster_that_exoscale_forgot_takes_its_nodepools_and_kubeconfig_along() -> None:
    assert urns(hopeless(whole(), gone={CLUSTER_ID})) == IN_THE_CLUSTER | THE_CLUSTERS


def test_another_cluster_of_the_stack_stays() -> None:
    assert urns(hopeless(whole(), gone={"another"})) == IN_THE_CLUSTER


def test_no_reference_to_what_was_dropped_stays() -> None:
    state = whole()

    left = without(state, hopeless(state, gone={CLUSTER_ID}))

    known = urns(resources(left))
    assert known == urns(resources(state)) - IN_THE_CLUSTER - THE_CLUSTERS
    assert not {name for one in resources(left) for name in references(one)} - known


def references(one: Document) -> set[str]:
    listed: list[Any] = [*one.get("dependencies", []), one.get("parent"), one.get("deletedWith"), one.get("viewOf")]
    listed += [name for names in one.get("propertyDependencies", {}).values() for name in names]
    listed += one.get("replaceWith", [])
    return {name for name in listed if name}


def test_every_kind_of_reference_is_removed_and_the_others_stay() -> None:
    dead, alive = resource(SERVICE, "dead", "a/b"), resource(BALANCER, "alive", "the-nlb")
    both = [dead["urn"], alive["urn"]]
    pointing = resource(
        BALANCER,
        "pointing",
        "another-nlb",
        dependencies=both,
        propertyDependencies={"x": both, "y": [dead["urn"]], "z": None},
        replaceWith=both,
        deletedWith=dead["urn"],
        viewOf=alive["urn"],
    )

    left = resources(without(exported(dead, alive, pointing), [dead]))[-1]

    assert left["dependencies"] == left["replaceWith"] == [alive["urn"]]
    assert left["propertyDependencies"] == {"x": [alive["urn"]], "y": [], "z": []}
    assert "deletedWith" not in left
    assert left["viewOf"] == alive["urn"]


def test_what_a_dropped_gate_kept_apart_stays_in_order() -> None:
    """Else the engine would delete the nodepool and the NLB that locks it at the same time."""
    pool = nodepool("the-nodepool", POOL)
    gate = command("gate", delete="true")
    gate["propertyDependencies"] = {"delete": [pool["urn"]], "create": None}
    inner = command("inner", delete="true", after=gate["urn"])
    balancer = resource(BALANCER, "ingress", "the-nlb", after=[inner["urn"], pool["urn"]])

    left = resources(without(exported(cluster(CLUSTER_ID), pool, gate, inner, balancer), [gate, inner]))[-1]

    assert left["dependencies"] == [pool["urn"]]
    assert left["propertyDependencies"] == {"x": [pool["urn"]]}


def test_a_child_of_something_dropped_moves_up_to_what_stays() -> None:
    parent = resource(COMPONENT, "ingress")
    dead = resource(RELEASE, "dead", "a/b", parent=parent["urn"])
    deader = resource(SERVICE, "deader", "a/c", parent=dead["urn"])
    child = resource(COMMAND, "child", "x1", parent=deader["urn"])

    left = without(exported(parent, dead, deader, child), [dead, deader])

    assert resources(left)[-1]["parent"] == parent["urn"]


def test_a_resource_that_stands_twice_during_a_replacement_keeps_its_references_when_one_stays() -> None:
    old, new = {**cluster("old"), "delete": True}, cluster("new")
    pointing = resource(BALANCER, "pointing", "nlb", after=[new["urn"]])
    state = exported(new, old, pointing)

    left = without(state, hopeless(state, gone={"old"}))

    assert [one["id"] for one in resources(left) if one["type"] == CLUSTER] == ["new"]
    assert resources(left)[-1]["dependencies"] == [new["urn"]]


def test_interrupted_operations_stay_unless_they_worked_on_something_dropped() -> None:
    dead = resource(RELEASE, "dead", "a/b")
    making = {"resource": resource(BALANCER, "making", after=[dead["urn"]]), "type": "creating"}
    deleting = {"resource": dead, "type": "deleting"}

    left = without(exported(dead, pending=[making, deleting]), [dead])

    (pending,) = left["deployment"]["pending_operations"]
    assert pending["resource"]["urn"] == urn(BALANCER, "making")
    assert pending["resource"]["dependencies"] == []


def test_the_given_state_is_not_changed() -> None:
    state, same = whole(), whole()

    without(state, hopeless(state, gone={CLUSTER_ID}))

    assert state == same


def test_the_provider_of_the_cluster_stays_for_it_is_deleted_without_a_call() -> None:
    assert urn(KUBERNETES_PROVIDER, "cluster") not in urns(hopeless(whole(), gone={CLUSTER_ID}))


def test_what_is_protected_is_not_dropped_but_named_with_the_command_that_lifts_it() -> None:
    shielded = resource(RELEASE, "shielded", "a/b", protect=True)

    with pytest.raises(TeardownError) as error:
        refuse_protected([shielded, resource(SERVICE, "free", "a/c")], "dev")

    assert f"pulumi state unprotect '{shielded['urn']}' --stack dev" in str(error.value)
    assert "free" not in str(error.value)


def test_the_stack_itself_stays() -> None:
    assert STACK in urns(resources(without(whole(), hopeless(whole(), gone={CLUSTER_ID}))))
