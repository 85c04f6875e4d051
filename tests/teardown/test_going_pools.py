"""Which nodepools go from a cluster that stays, and what they are refused for, by the rules alone."""

from dataclasses import replace
from typing import Any

import pytest

from components.catalogue import INSTANCES_PER_ANTI_AFFINITY_GROUP
from components.teardown import going_pools
from components.teardown.changes import Chosen, Placement
from components.teardown.errors import TeardownError
from components.teardown.going_pools import TARGET
from tests.teardown.test_changes import CHOSEN, SHOWN

TAINTED, PLAIN = Placement(tainted=True, spread=True, nodes=2), Placement(tainted=False, spread=True, nodes=2)
BARE = replace(PLAIN, spread=False)
NO_TAINT, NO_GROUP = {"gpu": "it has no taint any more"}, {"gpu": "it has no anti-affinity any more"}


def placed(gpu: Placement) -> Chosen:
    return replace(CHOSEN, nodepools={"gpu": gpu.nodes}, placements={"gpu": gpu})


def test_the_pools_that_go_are_those_that_the_settings_name_no_more() -> None:
    shown = replace(SHOWN, nodepools={"default": 1, "old": 1})

    assert going_pools.going(shown, replace(CHOSEN, nodepools={"default": 0})) == ["old"]
    assert going_pools.going(shown, replace(CHOSEN, nodepools={"old": 1, "default": 1, "new": 1})) == []


@pytest.mark.parametrize(
    ("was", "is_", "anew"),
    [
        (TAINTED, PLAIN, NO_TAINT),
        (TAINTED, BARE, NO_TAINT),
        (PLAIN, BARE, NO_GROUP),
        (TAINTED, replace(TAINTED, spread=False), NO_GROUP),
        (TAINTED, TAINTED, {}),
        (PLAIN, TAINTED, {}),
        (BARE, PLAIN, {}),
        (BARE, BARE, {}),
    ],
)
def test_a_pool_is_made_anew_when_it_loses_its_last_taint_or_its_group(
    was: Placement, is_: Placement, anew: dict[str, str]
) -> None:
    shown = replace(SHOWN, placements={"gpu": was})

    assert going_pools.anew(shown, placed(is_), placed(was)) == anew


@pytest.mark.parametrize(
    ("shown", "recorded"),
    [
        ({"gpu": TAINTED}, {"gpu": PLAIN}),
        ({"gpu": PLAIN}, {"gpu": TAINTED}),
        ({"gpu": TAINTED}, {}),
        ({}, {"gpu": TAINTED}),
    ],
    ids=["a taint by hand", "a taint that never came", "an earlier release", "a pool by hand"],
)
def test_no_pool_is_said_to_be_made_anew_unless_the_cloud_and_the_last_up_agree_on_what_it_had(
    shown: dict[str, Placement], recorded: dict[str, Placement]
) -> None:
    there = replace(SHOWN, placements=shown)

    assert going_pools.anew(there, placed(PLAIN), replace(CHOSEN, placements=recorded)) == {}
    assert going_pools.anew(there, placed(PLAIN), None) == {}


def of_nodes(there: int, wanted: Placement) -> dict[str, Any]:
    return {"shown": replace(SHOWN, nodepools={"gpu": there}), "chosen": placed(wanted)}


def test_a_pool_that_is_made_anew_has_to_fit_into_its_group_beside_the_old_one() -> None:
    assert going_pools.GROUP_HOLDS == INSTANCES_PER_ANTI_AFFINITY_GROUP
    going_pools.refuse_unmakeable(NO_TAINT, **of_nodes(4, replace(PLAIN, nodes=4)))
    going_pools.refuse_unmakeable(NO_GROUP, **of_nodes(8, replace(BARE, nodes=8)))
    going_pools.refuse_unmakeable({}, **of_nodes(8, replace(PLAIN, nodes=8)))

    with pytest.raises(TeardownError) as refused:
        going_pools.refuse_unmakeable(NO_TAINT, **of_nodes(4, replace(PLAIN, nodes=5)))
    assert str(refused.value) == (
        "nodepool gpu is made anew (it has no taint any more) before its 4 old nodes go, and with 5 new ones they are "
        "more than the 8 that its anti-affinity group holds. Next: give the pool another name in nodepools, so that it "
        "is made with a group of its own"
    )


def test_a_parked_pool_is_not_made_anew_since_none_is_made_without_a_node() -> None:
    with pytest.raises(TeardownError) as refused:
        going_pools.refuse_unmakeable(NO_GROUP, **of_nodes(0, replace(BARE, nodes=0)))

    assert str(refused.value) == (
        "nodepool gpu is made anew (it has no anti-affinity any more), nodepools.gpu.size is 0, and Exoscale makes no "
        "nodepool without a node. Next: `pulumi config set --path nodepools.gpu.size 1 && pulumi up`, then set it to 0 "
        "and `pulumi up`"
    )


def test_a_pool_that_somebody_sends_traffic_to_is_not_taken_out() -> None:
    going_pools.refuse_locked({}, {})
    going_pools.refuse_locked({"old": []}, {})

    with pytest.raises(TeardownError) as refused:
        going_pools.refuse_locked({"old": ["Service shop/front (NLB 1)", "NLB by-hand (2)"], "idle": []}, {})
    assert str(refused.value) == (
        "nodepool old is to go, and gets traffic from Service shop/front (NLB 1), NLB by-hand (2): Exoscale would not "
        "let it go. Next: leave it as it is in nodepools, beside another that takes its place, and `pulumi up`; move "
        f"the traffic, a Service's by its annotation {TARGET} (ids: `pulumi stack output nodepools`); then take the "
        "pool out"
    )


def test_nor_is_it_made_anew() -> None:
    with pytest.raises(TeardownError, match=r"^nodepool gpu is made anew \(it has no taint any more\), and gets "):
        going_pools.refuse_locked({"gpu": ["NLB by-hand (2)"]}, NO_TAINT)
