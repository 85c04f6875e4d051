"""What a stack costs."""

from dataclasses import dataclass
from decimal import Decimal

from components.teardown.cloud.prices import estimate


@dataclass(frozen=True)
class Pool:
    instance_type: str
    size: int
    disk_size_gb: int
    bounds: str = ""


def test_the_tutorials_cluster_costs_its_nodes_disks_and_load_balancer() -> None:
    cost = estimate("starter", {"default": [Pool("standard.small", 2, 20)]}, load_balancers=1)

    assert cost.unknown == ()
    assert cost.total == 730 * (2 * Decimal("0.02333") + 40 * Decimal("0.00014") + Decimal("0.03472"))
    assert str(cost).startswith("63.50 CHF per month (prices of 2025-08-22): ")


def test_pools_add_up_and_no_load_balancer_costs_nothing() -> None:
    one = {"a": [Pool("standard.medium", 1, 50)]}
    both = {**one, "b": [Pool("standard.large", 3, 100)]}

    assert estimate("starter", both, 0).total == (
        estimate("starter", one, 0).total + estimate("starter", {"b": both["b"]}, 0).total
    )
    assert "NLB" not in str(estimate("starter", one, 0))


def test_an_unknown_price_is_said_to_be_unknown_and_the_total_to_be_more() -> None:
    cost = estimate("pro", {"gpu": [Pool("gpua30.small", 1, 100)]}, load_balancers=1)

    assert cost.unknown == ("control plane pro", "gpu, 1 x gpua30.small")
    assert str(cost).startswith("more than 35.57 CHF per month")
    assert "control plane pro price unknown; gpu, 1 x gpua30.small price unknown; " in str(cost)


def test_a_pool_of_machines_of_two_kinds_costs_what_they_cost() -> None:
    mixed = [Pool("standard.small", 1, 20), Pool("standard.medium", 2, 50)]
    cost = estimate("starter", {"web": mixed}, load_balancers=0)

    assert cost.total == 730 * (Decimal("0.02333") + 2 * Decimal("0.04666") + 120 * Decimal("0.00014"))
    assert "web, 1 x standard.small 17.03; 1 x 20 GiB disk 2.04; web, 2 x standard.medium 68.12; " in str(cost)


def test_a_parked_pool_costs_nothing_and_its_type_needs_no_price() -> None:
    cost = estimate("starter", {"gpu": []}, load_balancers=0)

    assert (cost.total, cost.unknown) == (0, ())
    assert str(cost).endswith("; gpu, no nodes 0.00")


def test_a_pool_that_others_resize_is_priced_as_it_is_and_says_within_which_bounds() -> None:
    cost = estimate("starter", {"web": [Pool("standard.small", 3, 20, "2 to 5")]}, load_balancers=0)

    assert cost.total == estimate("starter", {"web": [Pool("standard.small", 3, 20)]}, load_balancers=0).total
    assert "; web, 3 (2 to 5) x standard.small 51.09; " in str(cost)
