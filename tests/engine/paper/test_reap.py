"""A stack with a ttl, from its `up` to its end: no later `up` finds a change, and after its time `reap` destroys it."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from components.teardown.cloud.account import accounts
from components.teardown.expiry import expiries
from components.teardown.project_audit import of_project
from components.teardown.reap import due, reap_one
from components.teardown.stacks import rows
from components.teardown.state.backend import Pulumi
from runner.stack import SandboxStack
from runner.states import States
from sandbox.sandbox import Sandbox
from tests.engine.conftest import PROJECT
from tests.engine.faults.account import Account, names
from tests.engine.operations import brought_up
from tools import path_of

pytestmark = pytest.mark.engine

OURS = "exoscale-sks"
SETTINGS = {"ttl": "1h", "budget": 70, "nodepools": {"default": {"size": 1}}}


class OnSandbox(Pulumi):
    """The real `pulumi`, but for the destroy, which needs the stand-ins of the plugins."""

    def __init__(self, stack: SandboxStack) -> None:
        super().__init__(PROJECT)
        self._stack = stack

    def destroy(self, stack: str) -> None:
        self._stack.destroy()


@pytest.mark.slow
def test_a_stack_lives_as_long_as_its_ttl_says_and_is_then_destroyed_with_a_receipt(
    sandbox: Sandbox, account: Account, make_stack: Callable[..., SandboxStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = make_stack("short")  # which forgets the variables of any other backend
    monkeypatch.setenv("PATH", f"{path_of('pulumi').parent}{os.pathsep}{os.environ['PATH']}")
    for name, value in States(sandbox.home).variables().items():
        monkeypatch.setenv(name, value)
    stack.config |= {f"{OURS}:{key}": value for key, value in SETTINGS.items()}
    backend = OnSandbox(stack)
    before = datetime.now(UTC)
    brought_up(stack)

    zones = accounts()
    home = next(iter(zones.values())).organization()
    audit = of_project(zones, OURS, backend)
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    (row,) = rows(audit, zones, now, expiries(audit, backend))

    assert (row.owner, row.nodes, row.wrong) == ("sandbox", 1, ())
    assert row.expires is not None
    assert before <= row.expires - timedelta(hours=1) <= now + timedelta(seconds=1)  # the history knows whole seconds
    assert due(audit, backend, now) == []
    (one,) = due(audit, backend, later)
    receipt = reap_one(zones, backend, one, home, later, print)

    assert receipt.startswith(f"receipt: nothing that costs money is left of stack {OURS}/short")
    assert names(account.holds()) == {}
    assert of_project(zones, OURS, backend).stacks == {}
