"""Our provider on the real engine: what a refactoring leaves alone, what stays on the screen, and a Ctrl-C."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.stack import SandboxStack
from sandbox.backend import Backend
from sandbox.clock import FAST
from sandbox.faults import Fault
from sandbox.plugins.command import CommandProvider
from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.host import PluginHost
from sandbox.plugins.kubernetes import KubernetesProvider
from sandbox.plugins.timing import Timing
from sandbox.sandbox import Sandbox
from tests.engine.conftest import PROJECT, Kubectl
from tests.engine.faults.account import Account, Held, lasting, names
from tests.engine.faults.calls import Calls
from tests.engine.faults.users import Users
from tests.engine.program import renamed
from tools import path_of

pytestmark = [pytest.mark.engine, pytest.mark.slow]

Destroying = Callable[[], "subprocess.Popen[str]"]
STEPS = ("Drain", "SecondDrain", "UnfinishedDrain", "NodepoolSweep", "RuleSweep", "StackId")
RECEIPT = "receipt: nothing that costs money is left of stack exoscale-sks/sandbox"


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> Account:
    return Account(sandbox)


@pytest.fixture(scope="module")
def calls(sandbox: Sandbox) -> Calls:
    """The cloud's faults and traps."""
    made = Calls()
    sandbox.cloud.faults = made
    return made


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> SandboxStack:
    return make_stack(
        config={
            "exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))},
            "exoscale-sks:storage": {"csi": True, "on-destroy": "keep"},
            "exoscale-sks:drain": {"wait-seconds": 4},
        }
    )


@pytest.fixture
def in_use(stack: SandboxStack, kubectl: Callable[[str], Kubectl]) -> Users:
    """The stack's cluster with a user's Service and a user's volume in it."""
    users = Users(kubectl(stack.up().outputs["kubeconfig"].value))
    users.expose("front")
    users.store("db")
    return users


@pytest.fixture
def destroying(stack: SandboxStack, sandbox: Sandbox, calls: Calls) -> Iterator[Destroying]:
    """Starts a plain `pulumi destroy`, as a person types it."""
    stand_ins: tuple[Any, ...] = (ExoscaleProvider(Timing.of(FAST)), KubernetesProvider(), CommandProvider())
    with PluginHost(stand_ins, PROJECT, sandbox.environment()) as host:
        variables = {**sandbox.environment(), **Backend(sandbox.home).variables()}
        variables |= {"PULUMI_DEBUG_PROVIDERS": host.debug_providers}
        command = [str(path_of("pulumi")), "destroy", "--yes", "--color=never", "--stack", stack.name]

        def start() -> "subprocess.Popen[str]":
            return subprocess.Popen(
                command,
                cwd=sandbox.home / "stacks" / stack.name,
                env={**os.environ, **variables, "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

        yield start
    calls.start_again()


def living(account: Account) -> Held:
    """All that the account holds, without the labels and texts that carry a stack's id."""
    return {
        kind: {
            id_: {key: value for key, value in item.items() if key not in ("labels", "description", "nodepools")}
            for id_, item in items.items()
        }
        for kind, items in lasting(account.holds()).items()
    }


def test_a_renamed_step_touches_nothing_of_a_living_cluster_and_a_later_destroy_still_leaves_nothing(
    stack: SandboxStack, account: Account, in_use: Users
) -> None:
    before, front = living(account), in_use.service("front")
    stack.config["exoscale-sks:storage"] = {"csi": True, "on-destroy": "delete"}
    for kind in STEPS:
        with renamed(kind):
            stack.up()
            assert living(account) == before, kind
            assert in_use.service("front") == front, kind
        stack.up()
        assert living(account) == before, f"{kind} with its old name again"

    stack.destroy()
    assert names(account.holds()) == {}


def said_at_the_end(printed: str) -> str:
    """What stays on a terminal's screen when the run is over."""
    return printed.partition("Diagnostics:\n")[2]


@pytest.mark.usefixtures("in_use")
def test_what_a_destroy_keeps_and_its_receipt_stay_on_the_screen(
    stack: SandboxStack, account: Account, destroying: Destroying
) -> None:
    stack.config["exoscale-sks:storage"] = {"csi": True, "on-destroy": "keep"}
    stack.up()
    with destroying() as pulumi:
        printed, _ = pulumi.communicate()

    (volume,) = account.holds()["block-storage-volume"]
    assert pulumi.returncode == 0, printed
    assert re.search(rf"keeping .*{volume}.*: it keeps costing money", said_at_the_end(printed))
    assert "receipt: " in said_at_the_end(printed)
    account.remove(account.holds())


@pytest.mark.usefixtures("in_use")
@pytest.mark.parametrize(
    ("while_it_is_asked", "how"),
    [
        pytest.param("delete-load-balancer", "cancelled", id="our own step runs"),
        pytest.param("delete-sks-nodepool", "cancelled, or failed,", id="a step of another provider runs"),
    ],
)
def test_one_ctrl_c_ends_with_what_still_runs_and_how_to_go_on(
    stack: SandboxStack, account: Account, calls: Calls, destroying: Destroying, while_it_is_asked: str, how: str
) -> None:
    stack.config["exoscale-sks:storage"] = {"csi": True, "on-destroy": "delete"}
    stack.up()
    calls.arm(Fault(while_it_is_asked, "delay", seconds=2))  # so that the step is still at work when the engine cancels
    with destroying() as pulumi:
        calls.trap(while_it_is_asked, lambda: pulumi.send_signal(signal.SIGINT))
        printed, _ = pulumi.communicate()

    assert f"warning: {how} before the stack was gone; " in said_at_the_end(printed), printed
    assert re.search(r"cost .* CHF per month still run .*Next: `pulumi destroy` again", said_at_the_end(printed))
    assert account.holds()["sks-cluster"]

    with destroying() as pulumi:
        printed, _ = pulumi.communicate()
    assert RECEIPT in said_at_the_end(printed), printed
    assert "warning" not in said_at_the_end(printed)
    assert names(account.holds()) == {}
