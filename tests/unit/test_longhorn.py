"""Longhorn: what its chart is given, and that a destroy neither waits for its uninstall job nor takes data unasked."""

from typing import Any

import pytest

from components.catalogue import SIZES_UNDER_4_GIB
from components.checks import Checks, Invalid
from components.longhorn import LonghornArgs
from components.pool_args import PoolArgs
from sandbox.api.catalogue import instance_types
from tests.unit.conftest import STACK_ID, Run, World

GIB = 1024**3


def longhorn(world: World) -> Any:
    (release,) = (item for item in world.of("Release") if item.inputs["namespace"] == "longhorn-system")
    return release


def settings(value: Any = True, **more: Any) -> dict[str, Any]:
    return {"storage": {"longhorn": value}, "nodepools": {"default": {"instance-type": "standard.medium"}}, **more}


def test_the_official_chart_gets_a_replica_per_node_and_leave_to_uninstall(run: Run) -> None:
    release = longhorn(run(settings()))

    assert (release.inputs["chart"], release.inputs["version"]) == ("longhorn", "1.12.1")
    assert release.inputs["repositoryOpts"] == {"repo": "https://charts.longhorn.io"}
    assert (release.inputs["name"], release.inputs["timeout"]) == ("longhorn", 600)
    whose = f"Longhorn of Pulumi stack exoscale-sks/dev ({STACK_ID}), owner nobody"
    assert release.inputs["values"] == {
        "persistence": {"defaultClass": True, "defaultClassReplicaCount": 2},
        "defaultSettings": {"deletingConfirmationFlag": True},
        "serviceAccount": {"annotations": {"exoscale-sks/stack": whose}},
    }


def test_every_argument_of_it_is_a_setting(run: Run) -> None:
    chosen = {"replicas": 1, "default-class": False, "timeout-seconds": 60, "chart": "./mine"}
    release = longhorn(run(settings(chosen)))

    assert (release.inputs["chart"], release.inputs["timeout"]) == ("./mine", 60)
    assert "repo" not in release.inputs.get("repositoryOpts", {})
    assert release.inputs["values"]["persistence"] == {"defaultClass": False, "defaultClassReplicaCount": 1}


@pytest.mark.parametrize(("sizes", "replicas"), [((1,), 1), ((2,), 2), ((2, 3), 3), ((8,), 3)])
def test_a_volume_has_a_replica_per_node_and_at_most_three(sizes: tuple[int, ...], replicas: int) -> None:
    pools = {f"pool-{number}": PoolArgs(size=size) for number, size in enumerate(sizes)}
    tainted = PoolArgs(size=5, taints={"gpu": "x:NoSchedule"})

    assert LonghornArgs().replicas_on({**pools, "tainted": tainted}) == replicas


def test_a_destroy_drains_before_it_and_leaves_it_to_go_with_the_cluster(run: Run) -> None:
    world = run(settings())
    release, place = longhorn(world), world.one("ReleasePlace")

    assert release.request.deletedWith == world.one("Cluster").urn
    assert release.urn in world.leans_on(world.step("Drain").urn)
    assert {place.urn, world.step("SecondDrain").urn, world.one("SksNodepool").urn} <= world.leans_on(release.urn)
    assert {place.inputs["namespace"], place.inputs["release"]} == {
        release.inputs["namespace"],
        release.inputs["name"],
    }


def test_the_first_resource_records_that_it_is_there(run: Run) -> None:
    assert run(settings()).step("StackId").inputs["settings"]["longhorn"] is True
    assert "longhorn" not in run({}).step("StackId").inputs["settings"]


def test_small_nodes_are_warned_of_and_only_those_that_hold_its_data(run: Run) -> None:
    pools = {"web": {"instance-type": "standard.small"}, "db": {"instance-type": "memory.large"}}
    pools["gpu"] = {"instance-type": "standard.small", "taints": {"gpu": "x:NoSchedule"}}  # type: ignore[dict-item]
    warnings = run({**settings(), "nodepools": pools}).warnings

    assert warnings == ["nodepools.web.instance-type is standard.small: Longhorn wants nodes of 4 GiB and more"]


def test_the_sizes_that_are_warned_of_are_those_under_4_gib_in_every_family() -> None:
    small = {kind["size"] for kind in instance_types() if kind["memory"] < 4 * GIB}
    enough = {kind["size"] for kind in instance_types() if kind["memory"] >= 4 * GIB}

    assert small == set(SIZES_UNDER_4_GIB)
    assert not small & enough


def test_a_program_of_ones_own_is_refused_more_replicas_than_nodes() -> None:
    with pytest.raises(Invalid, match=r"^replicas is 21; allowed: a whole number from 1 to 20$"):
        LonghornArgs(replicas=21)
    checks = Checks()
    LonghornArgs(replicas=3).check_nodes(checks, {"default": PoolArgs(size=2)})
    with pytest.raises(Invalid, match=r"^replicas is 3; allowed: a whole number from 1 to 2, "):
        checks.finish()
