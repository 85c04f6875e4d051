"""The sweep: what an interrupted `up` made and never recorded goes, and nothing else does."""

from typing import NoReturn

import pytest
import requests
from click.testing import CliRunner

from sandbox.faults import Fault
from teardown.cli import main
from teardown.errors import TeardownError
from teardown.survey import Accounts
from teardown.sweep import run
from tests.teardown.world import BALANCER_NAME, NAMESAKE, NEIGHBOUR, OTHER_ZONE, OURS, UID, ZONE, World

OWNER = ["--project", OURS.project, "--stack", OURS.stack, "--owner", OURS.owner, "--stack-id", OURS.stack_id]


def swept(everywhere: Accounts, said: list[str], policy: str | None = None) -> str:
    return run(everywhere, OURS, policy, patience=5, say=said.append, pause=0.01)


def unreachable() -> NoReturn:
    raise requests.ConnectionError("no route to host")


def whole_stack(world: World) -> None:
    """All that an `up` of ours makes, as if none of it had been recorded."""
    pool = world.own_pool(OURS)
    world.balancer(OURS, pool)
    world.balancer(None, pool, name="k8s-11111111-2222-4333-8444-555555555555")
    world.groups(OURS)


def test_all_that_carries_the_stacks_id_goes_though_one_thing_locks_the_other(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    whole_stack(world)

    receipt = swept(everywhere, said)

    assert world.held() == {}
    assert "receipt: nothing that costs money is left of stack exoscale-sks/dev" in receipt
    assert not [line for line in said if line.startswith("waiting")], "holders go before what they hold"


def test_nobody_elses_things_are_touched(world: World, everywhere: Accounts, said: list[str]) -> None:
    pool = world.own_pool(NEIGHBOUR)
    world.balancer(None, pool)
    world.balancer(NAMESAKE)
    world.balancer(None, name=BALANCER_NAME)
    world.volume({})
    world.groups(NAMESAKE)
    before = world.held()
    whole = world.balancer(OURS)

    swept(everywhere, said)

    assert world.held() == before
    assert whole not in before["load-balancer"]


def test_what_a_change_of_zone_left_behind_goes_too(world: World, everywhere: Accounts, said: list[str]) -> None:
    world.balancer(OURS, zone=OTHER_ZONE)

    swept(everywhere, said)

    assert world.held() == {}


def test_a_second_sweep_has_nothing_to_do(world: World, everywhere: Accounts, said: list[str]) -> None:
    whole_stack(world)
    swept(everywhere, said)
    said.clear()

    receipt = swept(everywhere, said)

    assert said == []
    assert "removed" not in receipt


def test_what_refuses_for_a_while_is_asked_again(world: World, everywhere: Accounts, said: list[str]) -> None:
    whole_stack(world)
    locked = "Operation destroyInstancePool is forbidden - reason: Locked by NLB"
    world.cloud.faults.arm(Fault("delete-sks-nodepool", "failure", times=5, reason="forbidden", message=locked))

    swept(everywhere, said)

    assert world.held() == {}
    assert [line for line in said if "Locked by NLB" in line]


def test_what_goes_on_refusing_is_named_with_its_price_and_the_next_command(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    balancer, (group, _) = world.balancer(OURS), world.groups(OURS)
    world.cloud.faults.arm(Fault("delete-load-balancer", "status", times=1000, status=409))

    with pytest.raises(TeardownError) as error:
        run(everywhere, OURS, None, patience=0.2, say=said.append, pause=0.01)

    assert f"NLB {balancer} (nlb), 25.35 CHF per month" in str(error.value)
    assert f"exo compute load-balancer delete {balancer} --zone {ZONE}" in str(error.value)
    assert world.held() == {"load-balancer": {balancer}}, "the rest went"
    assert group not in str(error.value)


def test_what_is_refused_for_good_is_given_up_soon(world: World, everywhere: Accounts, said: list[str]) -> None:
    balancer = world.balancer(OURS)
    fault = Fault(
        "delete-load-balancer", "status", times=1000, status=403, message="Forbidden by role policy for compute"
    )
    world.cloud.faults.arm(fault)

    with pytest.raises(TeardownError, match=f"{balancer}.*Forbidden by role policy"):
        run(everywhere, OURS, None, patience=600, say=said.append, pause=0.01)


def test_volumes_that_a_drain_marked_to_go_go_with_their_snapshots(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    world.snapshot(world.volume(OURS.labels))

    swept(everywhere, said)

    assert world.held() == {}


def test_volumes_that_a_drain_marked_to_stay_stay_and_are_listed_with_their_price(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    volume = world.volume({**OURS.labels, "on-destroy": "keep"})

    receipt = swept(everywhere, said)

    assert world.held() == {"block-storage": {volume}}
    assert f"kept: volume {volume} (pvc-11111111-2222-4333-8444-555555555555), 0.44 CHF per month" in receipt
    assert "receipt: 1 thing that costs 0.44 CHF per month is left" in receipt


def unmarked_volume(world: World) -> str:
    pool = world.own_pool(OURS)
    return world.volume({}, world.instances(pool)[0])


def test_volumes_that_no_drain_saw_stop_the_sweep_before_it_deletes_anything(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    volume = unmarked_volume(world)
    before = world.held()

    with pytest.raises(TeardownError, match=f"{volume}.*STORAGE_ON_DESTROY=delete"):
        swept(everywhere, said)

    assert world.held() == before


@pytest.mark.parametrize(("policy", "left"), [("delete", False), ("keep", True)])
def test_a_policy_decides_about_volumes_that_no_drain_saw(
    world: World, everywhere: Accounts, said: list[str], policy: str, left: bool
) -> None:
    volume = unmarked_volume(world)

    swept(everywhere, said, policy)

    assert world.held() == ({"block-storage": {volume}} if left else {})
    if left:
        labels = world.client().get_block_storage_volume(id=volume)["labels"]
        assert labels == {**OURS.labels, "on-destroy": "keep"}, "it can be found again"


def test_another_zone_that_does_not_answer_is_said_and_no_obstacle(
    world: World, everywhere: Accounts, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.balancer(OURS)
    monkeypatch.setattr(everywhere[OTHER_ZONE], "list_instances", unreachable)

    swept(everywhere, said)

    assert world.held() == {}
    assert f"warning: zone {OTHER_ZONE} was not looked into" in "\n".join(said)


def test_the_stacks_own_zone_has_to_answer(
    world: World, everywhere: Accounts, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everywhere[ZONE], "list_instances", unreachable)

    with pytest.raises(TeardownError, match="cannot be reached"):
        swept(everywhere, said)


def test_what_may_have_been_the_stacks_is_named_and_left_alone(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    volume, balancer = world.volume({}), world.balancer(None, name=f"k8s-{UID}")
    elsewhere = world.volume({}, zone=OTHER_ZONE)

    receipt = swept(everywhere, said)

    assert world.held() == {"block-storage": {volume, elsewhere}, "load-balancer": {balancer}}
    lines = [line for line in receipt.splitlines() if line.startswith("nothing proves whose: ")]
    assert [(balancer in line, volume in line) for line in lines] == [(True, False), (False, True)]
    assert f"0.44 CHF per month; next: exo compute block-storage delete {volume} --zone {ZONE}" in lines[1]


def test_an_empty_id_proves_nothing(world: World, everywhere: Accounts, said: list[str]) -> None:
    world.balancer(OURS)
    before = world.held()
    nameless = type(OURS)(OURS.project, OURS.stack, OURS.owner, "")

    with pytest.raises(TeardownError, match="id is empty"):
        run(everywhere, nameless, None, patience=5, say=said.append)

    assert world.held() == before


def test_a_sweep_of_a_cluster_takes_only_what_would_keep_the_cluster_from_going(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    cluster, twin = world.cluster(OURS), world.cluster(OURS)
    pool = world.pool(cluster, world.nodepool(cluster, OURS))
    world.nodepool(cluster, None)
    world.balancer(None, pool)
    elsewhere = world.nodepool(twin, OURS)
    balancer, (group, placement) = world.balancer(OURS), world.groups(OURS)

    receipt = run(everywhere, OURS, None, patience=5, say=said.append, cluster=cluster, pause=0.01)

    assert world.held() == {
        "sks-cluster": {cluster, twin},
        "sks-nodepool": {elsewhere},
        "instance": set(world.instances(world.pool(twin, elsewhere))),
        "load-balancer": {balancer},
        "security-group": {group},
        "anti-affinity-group": {placement},
    }
    assert f"receipt: nothing that costs money is left of cluster {cluster}" in receipt


def test_the_command_sweeps_one_cluster(world: World) -> None:
    cluster = world.cluster(OURS)
    world.nodepool(cluster, OURS)

    done = CliRunner().invoke(main, ["sweep", "--zone", ZONE, "--cluster", cluster, *OWNER])

    assert done.exit_code == 0, done.output
    assert world.held() == {"sks-cluster": {cluster}}


def test_the_command_sweeps_every_zone(world: World) -> None:
    world.balancer(OURS)
    world.balancer(OURS, zone=OTHER_ZONE)

    done = CliRunner().invoke(main, ["sweep", "--zone", ZONE, *OWNER])

    assert done.exit_code == 0, done.output
    assert world.held() == {}
    assert "swept: removed 2 things that cost 50.69 CHF per month" in done.output


def test_the_command_refuses_a_policy_that_does_not_exist(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_ON_DESTROY", "burn")

    done = CliRunner().invoke(main, ["sweep", "--zone", ZONE, *OWNER])

    assert done.exit_code == 1
    assert 'STORAGE_ON_DESTROY is "burn"; allowed: refuse, delete, keep' in done.output
