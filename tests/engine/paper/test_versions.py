"""A Kubernetes version that the cluster does not get is refused before anything is touched."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account
from tests.engine.paper.life import Life, alive

pytestmark = pytest.mark.engine

RUNS = "1.34.3"
POOLS = {"nodepools": {"default": {"size": 1}}}


@pytest.fixture(scope="module")
def life(sandbox: Sandbox, make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> Iterator[Life]:
    with alive(sandbox, make_stack, charts, {**POOLS, "version": RUNS}) as made:
        yield made


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("1.33.7", f"version is 1.33.7, and the cluster runs {RUNS}: Exoscale takes no cluster back to an older one; "),
        ("1.99.0", "version is 1.99.0, which Exoscale does not offer; "),
    ],
)
def test_a_living_stack_gets_neither_an_older_version_nor_an_unknown_one(life: Life, version: str, line: str) -> None:
    life.change("version", version)

    assert life.refused().startswith(f"{line}allowed: newest, {RUNS}, ")


def test_it_lives_on_with_the_newest_which_leaves_what_runs(life: Life, account: Account) -> None:
    life.change("version", "newest")
    life.up()

    assert account.one("sks-cluster", lambda one: True)["version"] == RUNS


def test_a_new_stack_is_refused_an_unknown_version_before_anything_is_made(
    make_stack: Callable[..., SandboxStack], account: Account, charts: Callable[[str], Path]
) -> None:
    life = Life(make_stack, account, charts, {**POOLS, "version": "1.99.0"}, "unborn")

    assert life.refused().startswith("version is 1.99.0, which Exoscale does not offer; allowed: newest, ")
