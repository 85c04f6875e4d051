"""Deleting in the order that the engine derives from the graph, for any settings."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from components.catalogue import CNIS, LEVELS
from tests.unit.conftest import Run, World

POOL_NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,6}[a-z0-9]", fullmatch=True)
POOL = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(0, 8) | st.sampled_from(["external", {"min": 1, "max": 3}]),
        "anti-affinity": st.booleans(),
        "taints": st.just({"dedicated": "batch:NoExecute"}),
        "labels": st.just({"team": "web"}),
    },
)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Settings for Exoscale with an ingress controller."""
    pools = {**draw(st.dictionaries(POOL_NAMES, POOL, max_size=2)), "any-pods": {}}
    ingress = {
        "controller": draw(st.sampled_from(("nginx", "ingress-nginx", "traefik"))),
        "load-balancer": draw(st.sampled_from(("managed", "ccm"))),
        "nodepool": draw(st.sampled_from(sorted(pools))),
    }
    return {
        "nodepools": pools,
        "ingress": ingress,
        "cni": draw(st.sampled_from(CNIS)),
        "level": draw(st.sampled_from(LEVELS)),
        "firewall": {"open-node-ports": draw(st.booleans())},
        "demo": draw(st.booleans()),
        "dns": draw(st.sampled_from(({}, {"domain": "example.org"}))),
    }


def layers(world: World) -> list[list[str]]:
    """The types that are deleted together, first to last: the deepest first (docs/plugins.md, Engine)."""
    remaining = dict(world.registrations)
    found: list[list[str]] = []
    while remaining:
        layer = [urn for urn, item in remaining.items() if not item.leans_on & remaining.keys()]
        assert layer, "the graph has a cycle"
        found.append([remaining.pop(urn).type.rpartition(":")[2] for urn in layer])
    return found[::-1]


def when(world: World) -> dict[str, range]:
    """The first and the last layer of each type; `SksNodepool: range(3, 4)` means only in the fourth."""
    found: dict[str, range] = {}
    for index, layer in enumerate(layers(world)):
        for kind in layer:
            found[kind] = range(found[kind].start if kind in found else index, index + 1)
    return found


def step(world: World, kind: str) -> str:
    """The URN of our provider's one resource of that type."""
    return world.step(kind).urn


# kind, and what may only be deleted in a later layer
ORDER = (
    ("Release", ("Nlb", "SksNodepool", "SksCluster", "kubernetes", "SecurityGroupRule")),
    ("Ingress", ("Release", "SksNodepool", "SksCluster")),
    ("Deployment", ("SksNodepool", "SksCluster", "kubernetes")),
    ("DnsRecords", ("Nlb", "SksNodepool", "SksCluster")),
    ("Nlb", ("SksCluster",)),
    ("SksKubeconfig", ("SksCluster",)),
    ("SksNodepool", ("SecurityGroupRule", "SecurityGroup", "AntiAffinityGroup", "SksCluster")),
    ("SecurityGroupRule", ("SecurityGroup",)),
)

# what a destroy deletes after it has drained
BEFORE = ("Release", "Nlb", "SksKubeconfig", "Deployment", "Ingress", "DnsRecords")


@given(configurations())
@settings(max_examples=10, deadline=None)
def test_a_destroy_removes_ingress_then_load_balancer_and_nodes_then_the_rest(run: Run, config: dict[str, Any]) -> None:
    world = run(config)

    deleted = when(world)
    for kind, later in ORDER:
        for other in later:
            if kind in deleted and other in deleted:
                assert deleted[kind].stop <= deleted[other].start, f"{kind} before {other}"
    assert {"Release", "SksNodepool", "SksCluster"} <= deleted.keys()


@given(configurations(), st.booleans())
@settings(max_examples=6, deadline=None)
def test_a_destroy_drains_before_and_sweeps_after_everything_else(
    run: Run, config: dict[str, Any], with_ingress: bool
) -> None:
    world = run(config if with_ingress else {**config, "ingress": {"controller": "none"}, "demo": False, "dns": {}})

    drain, second, stack_id = (step(world, kind) for kind in ("Drain", "SecondDrain", "StackId"))
    custom = {item.urn for item in world.registrations.values() if item.request.custom}
    before = {item.urn for kind in BEFORE for item in world.of(kind)}
    assert {second, *before} <= world.leans_on(drain)
    assert all(second in world.leans_on(item.urn) for item in world.of("Release"))
    assert {item.urn for item in world.of("SksNodepool")} <= world.leans_on(second)
    sweep, cluster = step(world, "NodepoolSweep"), world.one("SksCluster").urn
    assert all(sweep in world.leans_on(item.urn) for item in world.of("SksNodepool"))
    groups = {item.urn for kind in ("SecurityGroup", "AntiAffinityGroup") for item in world.of(kind)}
    assert {cluster, *groups} <= world.leans_on(sweep)
    rules = step(world, "RuleSweep")
    assert all(rules in world.leans_on(item.urn) for item in world.of("SecurityGroupRule"))
    assert world.one("SecurityGroup").urn in world.leans_on(rules)
    assert all(stack_id in world.leans_on(urn) for urn in custom - {stack_id})
    assert not any(drain in world.leans_on(urn) for urn in custom)


@given(configurations())
@settings(max_examples=6, deadline=None)
def test_an_up_that_ends_at_its_nodepools_leaves_a_drain_that_a_destroy_runs_before_it_deletes_them(
    run: Run, config: dict[str, Any]
) -> None:
    world = copy.deepcopy(run(config))
    pools = {item.urn for item in world.of("SksNodepool")}
    unfinished, second = step(world, "UnfinishedDrain"), step(world, "SecondDrain")

    assert not any(unfinished in world.leans_on(urn) for urn in pools)
    for urn in [urn for urn in world.registrations if pools & world.leans_on(urn) or urn == second]:
        del world.registrations[urn]  # what such an up never came to
    deleted = when(world)
    assert deleted["UnfinishedDrain"].start < deleted["SksNodepool"].start  # the step; its component goes later


@given(configurations())
@settings(max_examples=6, deadline=None)
def test_the_order_comes_from_edges_and_not_from_how_deep_the_graph_happens_to_be(
    run: Run, config: dict[str, Any]
) -> None:
    world = run(config)
    pools = {item.urn for item in world.of("SksNodepool")}
    firewall = {item.urn for kind in ("SecurityGroup", "SecurityGroupRule") for item in world.of(kind)}

    assert pools | firewall <= world.leans_on(world.one("Release").urn)
    assert all(firewall | {world.one("SksCluster").urn} <= world.leans_on(pool) for pool in pools)


@given(configurations())
@settings(max_examples=6, deadline=None)
def test_the_load_balancer_is_created_and_deleted_beside_the_nodepools_after_the_second_drain(
    run: Run, config: dict[str, Any]
) -> None:
    world = run(config)
    pools, deleted = {item.urn for item in world.of("SksNodepool")}, when(world)

    for balancer in world.of("Nlb"):
        assert not pools & world.leans_on(balancer.urn)
        assert not any(balancer.urn in world.leans_on(pool) for pool in pools)
        assert deleted["Nlb"] == deleted["SksNodepool"]
        assert deleted["SecondDrain"].start < deleted["Nlb"].start  # the step; its component goes later
        assert deleted["ValidatingAdmissionPolicyBinding"] == deleted["ValidatingAdmissionPolicy"]


def test_the_drain_and_the_look_for_the_ingress_controllers_pods_are_created_side_by_side(run: Run) -> None:
    world = run()
    drain, pods = step(world, "Drain"), step(world, "IngressPods")

    assert pods not in world.leans_on(drain)
    assert drain not in world.leans_on(pods)


def test_the_check_sees_a_graph_without_order(run: Run) -> None:
    world = copy.deepcopy(run({"ingress": {"load-balancer": "ccm"}}))
    for urn in [
        urn for urn, item in world.registrations.items() if item.request.name.startswith(("drain", "second-drain"))
    ]:
        del world.registrations[urn]
    for kind in ("Release", "kubernetes"):  # the tutorial's way: a kubeconfig file, no edge to the cluster
        request = world.one(kind).request
        del request.dependencies[:]
        request.propertyDependencies.clear()

    deleted = when(world)
    assert deleted["SksNodepool"].start <= deleted["Release"].stop - 1
