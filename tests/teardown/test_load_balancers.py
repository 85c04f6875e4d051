"""Which NLBs the drain takes for the stack's, while the cluster and its Services are still there."""

from teardown import load_balancers
from teardown.survey import Accounts
from tests.teardown.world import BALANCER_NAME, BALANCER_SAYS, NAMESAKE, NEIGHBOUR, OURS, UID, ZONE, World


def test_they_are_known_by_label_description_target_or_the_name_that_the_ccm_gives(
    world: World, everywhere: Accounts
) -> None:
    pool = world.own_pool(OURS)
    ours = {
        world.balancer(OURS),
        world.balancer(None, name=BALANCER_NAME, description=BALANCER_SAYS),
        world.balancer(None, pool),
        world.balancer(None, name=f"k8s-{UID}"),
    }
    world.balancer(NAMESAKE)
    world.balancer(None, name="k8s-99999999-2222-4333-8444-555555555555")

    found = load_balancers.find(everywhere[ZONE], OURS, [pool], [UID])

    assert {balancer["id"] for balancer in found} == ours


def test_one_that_serves_somebody_else_is_theirs_whatever_it_is_called(world: World, everywhere: Accounts) -> None:
    world.balancer(None, world.own_pool(NEIGHBOUR), name=BALANCER_NAME, description=BALANCER_SAYS)

    assert load_balancers.find(everywhere[ZONE], OURS, [world.own_pool(OURS)]) == []


def test_one_that_is_a_resource_of_the_stack_is_left_to_it_by_id_or_by_name(world: World, everywhere: Accounts) -> None:
    pool = world.own_pool(OURS)
    kept = world.balancer(OURS, pool)
    world.balancer(OURS, pool, name=BALANCER_NAME)

    assert load_balancers.find(everywhere[ZONE], OURS, [pool], kept=[kept, BALANCER_NAME]) == []
