"""A stack that may cost more than its budget is refused before anything is made."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import Between, ClusterArgs, Invalid, PoolArgs
from components.budget import at_most
from components.teardown.cloud.prices import INSTANCES, Machines, estimate
from configuration.settings import load
from tests.unit.conftest import configure, problems

NAMES = {"project": "shop", "stack": "dev"}
TUTORIAL = "control plane starter 0.00; default, 2 x standard.small 34.06; 2 x 40 GiB disk 8.18; 1 x NLB 25.35"
PRICED = st.builds(
    PoolArgs,
    size=st.integers(1, 8) | st.builds(Between, max=st.integers(4, 8), min=st.integers(0, 4)),
    instance_type=st.sampled_from(sorted(INSTANCES.keys() - {"standard.micro", "standard.tiny"})),
    disk_size_gb=st.integers(20, 1000),
)


def refusal(budget: int, **arguments: Any) -> str:
    with pytest.raises(Invalid) as refused:
        ClusterArgs(**NAMES, budget=budget, **arguments)
    return str(refused.value)


def test_a_stack_above_its_budget_is_refused_in_one_line_with_the_sum_and_its_parts() -> None:
    (line,) = problems({"budget": 67, "nodepools": {"default": {"disk-size-gb": 40}}})

    assert line == (
        f"exoscale-sks:budget is 67, and the stack may cost up to 67.58 CHF per month "
        f"(prices of 2025-08-22): {TUTORIAL}. Next: a smaller stack, or a larger budget"
    )


def test_a_stack_within_its_budget_is_accepted_and_without_one_there_is_no_limit() -> None:
    huge = {"default": {"size": 8, "instance-type": "standard.colossus"}}
    for config in ({"budget": 64}, {"nodepools": huge}, {"budget": 0, "nodepools": huge}):
        configure(config)

        assert load().cluster.budget == config.get("budget", 0)


def test_a_pool_that_an_autoscaler_resizes_counts_with_the_most_nodes_that_it_may_have() -> None:
    pools = {"web": PoolArgs(size=Between(min=0, max=6))}

    assert "web, 6 (0 to 6) x standard.small 102.19; 6 x 20 GiB disk 12.26" in refusal(139, nodepools=pools)
    assert ClusterArgs(**NAMES, budget=140, nodepools=pools)


def test_without_an_ingress_controller_no_load_balancer_counts_and_one_that_the_cluster_makes_does() -> None:
    assert ClusterArgs(**NAMES, budget=39, load_balancer="none")
    assert "1 x NLB 25.35" in refusal(39, load_balancer="ccm")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"level": "pro"}, "control plane pro"),
        ({"nodepools": {"a": PoolArgs(), "b": PoolArgs(1, "gpua30.small")}}, "b, 1 x gpua30.small"),
    ],
)
def test_what_has_no_known_price_fits_no_budget_and_is_named(arguments: Any, named: str) -> None:
    line = refusal(10**6, **arguments)

    assert line.startswith("budget is 1000000, and the stack cannot be priced: the prices of 2025-08-22 have none for ")
    assert f"for {named}. Next: " in line


def test_a_pool_whose_size_has_no_limit_fits_no_budget() -> None:
    line = refusal(10**6, nodepools={"web": PoolArgs(size="external")})

    assert "cannot be priced: the size of nodepool web is external, which has no limit" in line


def test_a_parked_pool_costs_nothing_and_its_type_needs_no_price() -> None:
    assert ClusterArgs(**NAMES, budget=64, nodepools={"a": PoolArgs(), "b": PoolArgs(0, "gpua30.small")})


@pytest.mark.parametrize("bad", [-1, 63.5, "63", True])
def test_a_budget_that_is_no_whole_number_is_refused(bad: Any) -> None:
    assert refusal(bad).startswith("budget is ")
    assert refusal(bad).endswith("; allowed: a whole number from 0")


def test_a_cluster_on_this_machine_costs_nothing() -> None:
    configure({"platform": "k3d", "budget": 1})

    assert load().cluster.budget == 0


def test_other_mistakes_are_said_alone_since_the_sum_may_come_from_them() -> None:
    assert problems({"budget": 1, "level": "gold"}) == ['exoscale-sks:level is "gold"; allowed: starter, pro']


@given(st.dictionaries(st.sampled_from("abc"), PRICED, min_size=1), st.data())
def test_whatever_an_autoscaler_chooses_costs_no_more_than_what_the_budget_was_compared_with(
    pools: dict[str, PoolArgs], data: st.DataObject
) -> None:
    def chosen(pool: PoolArgs) -> int:
        is_free = isinstance(pool.size, Between)
        return data.draw(st.integers(pool.size.min, pool.size.max)) if is_free else pool.initial_size  # type: ignore[union-attr]

    running = {
        name: [Machines(pool.instance_type, chosen(pool), pool.bounds, pool.disk_size_gb)]
        for name, pool in pools.items()
    }

    assert estimate("starter", running, 1).total <= at_most("starter", pools, "managed").total
