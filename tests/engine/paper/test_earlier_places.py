"""A stack that was made before there was a Cluster lives on under the program of today."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account, names
from tests.engine.faults.earlier_places import earlier_places
from tests.engine.faults.subject import Subject
from tests.engine.operations import brought_up

pytestmark = pytest.mark.engine

TWO_POOLS = {"nodepools": {"a": {}, "b": {"anti-affinity": False}}, "storage": {"csi": True}}
SETTINGS: list[Any] = [pytest.param({}, id="defaults"), pytest.param(TWO_POOLS, id="two pools", marks=pytest.mark.slow)]


@pytest.fixture(params=SETTINGS)
def subject(
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    make_stack: Callable[..., SandboxStack],
    tmp_path: Path,
    account: Account,
) -> Iterator[Subject]:
    """Brought up by the program of before; whatever is left of it in the end is removed."""
    made = Subject(sandbox, make_stack, tmp_path, "blue", request.param)
    with earlier_places():
        made.up()
    yield made
    account.remove(account.holds())
    made.stack.forget()


def test_an_up_of_today_keeps_every_resource_where_it_is(subject: Subject, account: Account) -> None:
    before = account.holds()
    done = brought_up(subject.stack)

    changed = {urn: steps for urn, steps in done.items() if steps != ["update"]}
    assert changed == {}
    assert account.holds() == before
    subject.destroy()
    assert names(account.holds()) == {}


def test_a_destroy_of_today_needs_no_up_before(subject: Subject, account: Account) -> None:
    subject.destroy()
    assert names(account.holds()) == {}
