"""A nodepool that is made anew, where that cannot end well: refused before it begins, with a way that does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account
from tests.engine.paper.life import Life, alive

pytestmark = pytest.mark.engine

DEFAULT = {"default": {"size": 1}}
PLAIN: dict[str, Any] = {"size": 5}
TAINTED = {**PLAIN, "taints": {"dedicated": "gpu:NoSchedule"}}


@pytest.fixture(scope="module")
def life(sandbox: Sandbox, make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> Iterator[Life]:
    with alive(sandbox, make_stack, charts, {"nodepools": {**DEFAULT, "gpu": TAINTED}}) as made:
        yield made


@pytest.mark.slow
def test_a_pool_too_large_to_stand_beside_itself_in_one_group_is_refused_and_gets_through_under_another_name(
    life: Life,
) -> None:
    life.change("nodepools", {**DEFAULT, "gpu": PLAIN})
    line = life.refused()
    assert line.startswith("nodepool gpu is made anew (it has no taint any more) before its 5 old nodes go, ")

    life.change("nodepools", {**DEFAULT, "gpus": PLAIN})
    life.up()


@pytest.mark.slow
def test_a_pool_that_gets_traffic_is_refused_and_gets_through_once_the_traffic_has_moved(
    life: Life, account: Account
) -> None:
    life.change("nodepools", {**DEFAULT, "spread": PLAIN})
    life.up()
    pool = account.one("sks-nodepool", lambda one: one["name"].endswith("-spread"))
    account.balance("by-hand", pool["instance-pool"]["id"])
    balancer = account.one("load-balancer", lambda one: one["name"] == "by-hand")
    life.change("nodepools", {**DEFAULT, "spread": {**PLAIN, "anti-affinity": False}})

    line = life.refused()

    assert line.startswith(
        "nodepool spread is made anew (it has no anti-affinity any more), and gets traffic from NLB by-hand "
        f"({balancer['id']}): Exoscale would not let it go. Next: "
    )
    account.client.wait(account.client.delete_load_balancer(id=balancer["id"])["id"])
    life.up()
