"""The one class of the library: what it refuses where it is made, and what is drained before what."""

from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components import AccessArgs, Between, Cluster, ClusterArgs, Invalid, PoolArgs
from tests.unit.conftest import World, configure, execute

NAMES = {"project": "shop", "stack": "dev"}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"cni": "flannel"}, 'cni is "flannel"; allowed: calico, cilium'),
        ({"on_destroy": "retain"}, 'on_destroy is "retain"; allowed: refuse, delete, keep'),
        ({"nodepools": {}}, 'nodepools is "0 nodepools"; allowed: 1 to 16 of them'),
        ({"ingress_nodepool": "gpu"}, 'ingress_nodepool is "gpu"; allowed: default'),
        ({"load_balancer": "haproxy"}, 'load_balancer is "haproxy"; allowed: managed, ccm, none'),
        ({"drain_wait_seconds": "5"}, 'drain_wait_seconds is "5"; allowed: a whole number from 1 to 86400'),
        ({"protect": "yes"}, 'protect is "yes"; allowed: true, false'),
        (
            {"owner": ""},
            'owner is ""; allowed: at most 63 letters, digits or . _ -, with a letter or digit at both ends',
        ),
    ],
)
def test_an_argument_that_cannot_work_is_one_line_where_it_is_given(arguments: dict[str, Any], line: str) -> None:
    with pytest.raises(Invalid) as refused:
        ClusterArgs(**NAMES, **arguments)

    assert str(refused.value) == line


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        ({"size": -1}, "size is -1; allowed: a whole number from 0"),
        ({"size": 2.5}, "size is 2.5; allowed: a whole number from 0, external, or"),
        ({"taints": {"gpu": "yes"}}, 'taints.gpu is "yes"; allowed: value:effect'),
        ({"labels": {"stack": "mine"}}, 'labels.stack is "mine"; allowed: any label but this'),
        ({"instance_type": "standard.tiny"}, 'instance_type is "standard.tiny"; allowed: family.size'),
    ],
)
def test_so_is_one_of_a_nodepool(arguments: dict[str, Any], start: str) -> None:
    with pytest.raises(Invalid) as refused:
        PoolArgs(**arguments)

    (line,) = str(refused.value).splitlines()
    assert line.startswith(start)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        ClusterArgs(**NAMES, zone="mars", level="gold")  # type: ignore[arg-type]

    assert [line.split(" is ")[0] for line in str(refused.value).splitlines()] == ["zone", "level"]


@pytest.mark.parametrize(
    ("size", "made_with", "bounds"), [(3, 3, ""), (Between(min=0, max=4), 1, "0 to 4"), ("external", 2, "external")]
)
def test_a_size_is_a_number_or_left_to_others(size: Any, made_with: int, bounds: str) -> None:
    pool = PoolArgs(size=size)

    assert (pool.initial_size, pool.bounds) == (made_with, bounds)


def test_the_names_of_project_and_stack_are_those_of_the_running_program() -> None:
    configure({}, "blue")

    assert (ClusterArgs().project, ClusterArgs().stack) == ("exoscale-sks", "blue")


def cluster(folder: Path) -> Cluster:
    return Cluster("mine", ClusterArgs(access=AccessArgs(file=folder / "kubeconfig")))


def test_the_drain_comes_before_what_it_is_told_of_and_needs_no_telling_of_the_rest(tmp_path: Path) -> None:
    world = configure({})

    def program() -> None:
        made = cluster(tmp_path)
        inside = pulumi.ResourceOptions(provider=made.provider, depends_on=[*made.foundations])
        release = kubernetes.helm.v3.Release("app", chart="app", opts=inside)
        made.drain_before(release)

    execute(program, world)
    drain = world.step("Drain")

    assert world.one("Release").urn in world.leans_on(drain.urn)
    assert world.step("SecondDrain").urn in world.leans_on(world.one("Release").urn)
    assert drain.inputs["releases"] is True


def test_a_cluster_with_nothing_in_it_has_its_drain_all_the_same(tmp_path: Path) -> None:
    world = execute(lambda: cluster(tmp_path), configure({}))

    assert world.step("Drain").inputs["releases"] is False
    assert {world.step("SecondDrain").urn, world.one("SksKubeconfig").urn} <= world.leans_on(world.step("Drain").urn)


def test_what_depends_on_a_cluster_waits_for_all_of_its_parts_and_not_for_its_drain(tmp_path: Path) -> None:
    world = configure({})

    def program() -> None:
        made = cluster(tmp_path)
        kubernetes.core.v1.Namespace("app", opts=pulumi.ResourceOptions(provider=made.provider, depends_on=[made]))

    execute(program, world)
    behind = world.leans_on(world.one("Namespace").urn)

    assert {world.one("SksNodepool").urn, world.one("Nlb").urn, world.step("Machines").urn} <= behind
    assert world.step("Drain").urn not in behind


def test_telling_it_too_late_is_an_error(tmp_path: Path) -> None:
    world: World = configure({})
    refusals: list[str] = []

    def program() -> None:
        made = cluster(tmp_path)

        def late(_: str) -> None:
            try:
                made.drain_before(made)
            except pulumi.RunError as error:
                refusals.append(str(error))

        made.cluster_id.apply(late)

    execute(program, world)
    assert refusals == ["drain_before of cluster mine was called inside an apply: call it outside"]


def test_a_second_cluster_in_one_program_is_refused(tmp_path: Path) -> None:
    world = configure({})

    def program() -> None:
        cluster(tmp_path)
        cluster(tmp_path)

    with pytest.raises(pulumi.RunError, match=r"^Cluster mine is the program's second, and a stack has one"):
        execute(program, world)
