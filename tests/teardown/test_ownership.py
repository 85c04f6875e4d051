"""Whose each thing in the account is, and what it costs: proved by labels, relations and exact names, or not at all."""

from decimal import Decimal

import pytest

from components.prices import INSTANCES
from teardown.holdings import (
    ANTI_AFFINITY_GROUP,
    BALANCER,
    CLUSTER,
    INSTANCE,
    NODEPOOL,
    SECURITY_GROUP,
    SNAPSHOT,
    VOLUME,
    Holding,
    Whose,
)
from teardown.owner import Owner
from teardown.ownership import holdings, nobodys
from teardown.survey import Accounts, survey
from tests.sandbox.sks_bench import MEDIUM
from tests.teardown.world import BALANCER_NAME, BALANCER_SAYS, NEIGHBOUR, OTHER_ZONE, OURS, UID, ZONE, World

US, THEM = Whose("exoscale-sks", "dev", OURS.stack_id), Whose("exoscale-sks", "dev-2", NEIGHBOUR.stack_id)


def found(everywhere: Accounts) -> dict[str, Holding]:
    return {item.id: item for item in holdings(survey(everywhere))}


def test_each_kind_is_found_with_its_owner_proof_zone_and_price(world: World, everywhere: Accounts) -> None:
    cluster = world.cluster(OURS, OTHER_ZONE)
    nodepool = world.nodepool(cluster, OURS, OTHER_ZONE)
    pool = world.pool(cluster, nodepool, OTHER_ZONE)
    instance = world.instances(pool, OTHER_ZONE)[0]
    balancer = world.balancer(None, pool, OTHER_ZONE)
    volume = world.volume({}, instance, OTHER_ZONE)
    snapshot = world.snapshot(volume, OTHER_ZONE)
    group, placement = world.groups(OURS)

    held = found(everywhere)

    machine = (Decimal("0.02333") + 20 * Decimal("0.00014")) * 730
    expected = {
        cluster: (CLUSTER, "its labels", Decimal(0), False),
        nodepool: (NODEPOOL, "its labels", Decimal(0), True),
        instance: (INSTANCE, f"in nodepool {nodepool}", machine, True),
        balancer: (BALANCER, f"sends traffic to instance pool {pool}", Decimal("0.03472") * 730, True),
        volume: (VOLUME, f"attached to instance {instance}", 10 * Decimal("0.00006") * 730, True),
        snapshot: (SNAPSHOT, f"of volume {volume}", None, True),
        group: (SECURITY_GROUP, "its name and description", Decimal(0), False),
        placement: (ANTI_AFFINITY_GROUP, "its name and description", Decimal(0), False),
    }
    assert {id_: (item.kind, item.proof, item.per_month, item.billable) for id_, item in held.items()} == {
        **expected,
        **dict.fromkeys(world.instances(pool, OTHER_ZONE), expected[instance]),
    }
    assert {item.whose for item in held.values()} == {US}
    assert {item.zone for item in held.values() if "group" not in item.kind} == {OTHER_ZONE}


def test_a_control_plane_whose_price_is_unknown_counts_as_billable(world: World, everywhere: Accounts) -> None:
    cluster = world.cluster(OURS, level="pro")

    assert found(everywhere)[cluster].per_month is None
    assert found(everywhere)[cluster].billable


def test_a_machine_of_a_kind_that_no_table_knows_has_an_unknown_price(
    world: World, everywhere: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(INSTANCES, "standard.medium")
    cluster = world.cluster(OURS)
    pool = world.pool(cluster, world.nodepool(cluster, OURS, instance_type=MEDIUM, size=1))

    assert found(everywhere)[world.instances(pool)[0]].per_month is None


def test_an_empty_nodepool_costs_nothing(world: World, everywhere: Accounts) -> None:
    cluster = world.cluster(OURS)
    nodepool = world.nodepool(cluster, OURS)
    members = world.instances(world.pool(cluster, nodepool))
    world.make("evict_sks_nodepool_members", id=cluster, sks_nodepool_id=nodepool, instances=members)

    assert not found(everywhere)[nodepool].billable


def test_a_nodepool_that_a_person_added_to_a_stacks_cluster_is_the_stacks(world: World, everywhere: Accounts) -> None:
    cluster = world.cluster(OURS)
    nodepool = world.nodepool(cluster, None)
    pool = world.pool(cluster, nodepool)

    held = found(everywhere)

    assert (held[nodepool].whose, held[nodepool].proof) == (US, f"in cluster {cluster}")
    assert {held[instance].whose for instance in world.instances(pool)} == {US}


def test_clusters_without_a_stacks_labels_are_no_stacks_nor_is_what_hangs_on_them(
    world: World, everywhere: Accounts
) -> None:
    pool = world.own_pool(None)
    world.volume({"team": "blue"}, world.instances(pool)[0])
    world.balancer(None, pool, name=f"k8s-{UID}")

    assert found(everywhere) == {}
    assert nobodys(survey(everywhere), []) == []


def test_an_nlb_that_serves_two_stacks_is_neithers_and_no_orphan(world: World, everywhere: Accounts) -> None:
    pools = []
    for owner in (OURS, NEIGHBOUR):
        pools.append(world.own_pool(owner))
    balancer = world.balancer(None, pools[0])
    world.serve(balancer, pools[1], port=81)

    surveys = survey(everywhere)

    assert balancer not in found(everywhere)
    assert balancer not in {item.id for item in nobodys(surveys, holdings(surveys))}


def test_an_nlb_with_one_stacks_labels_is_that_stacks_wherever_it_sends_traffic(
    world: World, everywhere: Accounts
) -> None:
    balancer = world.balancer(NEIGHBOUR, world.own_pool(OURS))

    assert found(everywhere)[balancer].whose == THEM


def test_an_nlb_that_the_ccm_made_for_a_stacks_own_service_is_known_before_it_serves_anything(
    world: World, everywhere: Accounts
) -> None:
    ours = world.balancer(None, name=BALANCER_NAME, description=BALANCER_SAYS)
    for name, description in (
        ("exoscale-sks-dev-2-ingress", BALANCER_SAYS),
        ("mine", BALANCER_SAYS),
        (BALANCER_NAME, f"{BALANCER_SAYS}, and of others"),
    ):
        world.balancer(None, name=name, description=description)
    pool = world.own_pool(NEIGHBOUR)
    theirs = world.balancer(None, pool, name=BALANCER_NAME, description=BALANCER_SAYS)

    held = found(everywhere)

    assert held[ours].proof == "its name and description"
    balancers = {id_: item.whose for id_, item in held.items() if item.kind == BALANCER}
    assert balancers == {ours: US, theirs: THEM}


def test_a_volume_with_one_stacks_labels_is_that_stacks_wherever_it_is_attached(
    world: World, everywhere: Accounts
) -> None:
    pool = world.own_pool(OURS)
    volume = world.volume(NEIGHBOUR.labels, world.instances(pool)[0])

    assert (found(everywhere)[volume].whose, found(everywhere)[volume].proof) == (THEM, "its labels")


def test_groups_are_told_apart_by_exact_name_and_description(world: World, everywhere: Accounts) -> None:
    ours, theirs = world.groups(OURS), world.groups(NEIGHBOUR)
    said = "Nodes of Pulumi stack exoscale-sks/dev (aaaaaaaaaaaa), owner alice"
    for name, description in (
        ("exoscale-sks-dev-mine", "mine"),
        ("exoscale-sks-dev-2-mine", said),
        ("my-exoscale-sks-dev-mine", said),
        ("exoscale-sks-dev-mine-2", said),
        ("exoscale-sks-dev-other", f"{said}, and of others"),
    ):
        world.make("create_security_group", name=name, description=description)

    held = found(everywhere)

    assert {id_: item.whose for id_, item in held.items()} == {**dict.fromkeys(ours, US), **dict.fromkeys(theirs, THEM)}


def test_groups_of_a_program_without_stack_ids_are_known_by_project_and_stack(
    world: World, everywhere: Accounts
) -> None:
    group, _ = world.groups(Owner("exoscale-sks", "dev", "alice", ""))

    assert found(everywhere)[group].whose == Whose("exoscale-sks", "dev")


def test_groups_belong_to_no_zone_and_are_counted_once(world: World, everywhere: Accounts) -> None:
    world.groups(OURS)

    items = holdings(survey(everywhere))

    assert len(items) == 2
    assert {item.zone for item in items} == {""}
    assert items[0].command == f"exo compute security-group delete {items[0].id}"


def test_only_the_zones_that_are_given_are_asked(world: World, everywhere: Accounts) -> None:
    world.balancer(OURS, zone=OTHER_ZONE)

    assert holdings(survey({ZONE: everywhere[ZONE]})) == []


def test_an_nlb_for_machines_outside_kubernetes_is_no_orphan(world: World, everywhere: Accounts) -> None:
    world.balancer(None, world.own_pool(None))
    idle = world.balancer(None, name="for-later")

    assert idle not in {item.id for item in nobodys(survey(everywhere), [])}
