"""Edits that the plugin would do by half: they end well, and the next `up` finds nothing to do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account
from tests.engine.operations import Operations
from tests.engine.paper.life import Life, alive

pytestmark = pytest.mark.engine

FULL: dict[str, Any] = {"size": 1, "taints": {"dedicated": "gpu:NoSchedule"}}
POOLS = {"default": {"size": 1}, "gpu": FULL}


@pytest.fixture(scope="module")
def life(sandbox: Sandbox, make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> Iterator[Life]:
    begins = {"nodepools": POOLS, "storage": {"csi": True}}
    with alive(sandbox, make_stack, charts, begins) as made:
        yield made


def replaced(done: Operations) -> set[str]:
    return {urn.rpartition("::")[2] for urn, steps in done.items() if "replace" in steps}


@pytest.mark.parametrize(
    "gpu",
    [pytest.param({"size": 1}, id="its taints"), pytest.param({**FULL, "anti-affinity": False}, id="its group")],
)
def test_a_pool_that_loses_is_made_anew_before_the_old_one_goes(life: Life, gpu: dict[str, Any]) -> None:
    life.change("nodepools", POOLS)
    life.up()
    life.change("nodepools", {**POOLS, "gpu": gpu})

    assert replaced(life.up()) == {"gpu-nodepool"}


def test_a_cluster_keeps_the_storage_driver_that_its_settings_want_no_more(life: Life, account: Account) -> None:
    (cluster,) = account.holds()["sks-cluster"].values()
    life.change("storage", {"csi": False})
    life.up()

    assert account.holds()["sks-cluster"][cluster["id"]]["addons"] == cluster["addons"]
    assert "exoscale-container-storage-interface" in cluster["addons"]
