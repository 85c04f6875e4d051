"""A nodepool that is to make other machines: said before and after, and made true by `cycle`. In order."""

from collections.abc import Callable

import pytest

from components.teardown.cloud.account import accounts
from components.teardown.cluster.api_server import reach
from components.teardown.cycle import Cycle
from components.teardown.state.recorded import recorded
from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox

pytestmark = pytest.mark.engine

SMALL = {"size": 2, "instance-type": "standard.small", "anti-affinity": False}
CHANGED = {**SMALL, "instance-type": "standard.medium", "labels": {"team": "web"}}


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack]) -> SandboxStack:
    config = {"exoscale-sks:ingress": {"controller": "none"}, "exoscale-sks:nodepools": {"web": SMALL}}
    return make_stack("old", config=config)


def names(sandbox: Sandbox) -> list[str]:
    return sorted(machine["name"] for machine in sandbox.cloud.store.list("instance"))


def test_an_up_says_before_and_after_which_machines_stay_what_they_are_and_its_outputs_speak_of_them(
    stack: SandboxStack, sandbox: Sandbox
) -> None:
    before = stack.up().outputs["monthly_cost"].value
    stack.config["exoscale-sks:nodepools"] = {"web": CHANGED}
    line = (
        f"nodepool web makes machines with standard.medium, label team=web from now on, and {', '.join(names(sandbox))}"
    )
    assert line in " ".join(stack.preview().stdout.split())
    done = stack.up()

    assert line in " ".join(done.stdout.split())
    assert done.outputs["monthly_cost"].value == before
    assert done.outputs["nodepools"].value["web"]["instance-type"] == "standard.small"
    assert stack.up().summary.resource_changes.keys() == {"same"}


def test_cycle_makes_them_new_and_the_next_up_records_it(stack: SandboxStack, sandbox: Sandbox) -> None:
    old = names(sandbox)
    state = recorded(stack.export())
    [(cluster, zone)] = state.clusters
    account = accounts(zones=[zone])[zone]
    server = reach(account, cluster, 10, print)
    assert server
    Cycle(account, server, cluster, state.ids, {"web": 2}, print, patience=120).run(bool)
    done = stack.up()

    assert len(names(sandbox)) == 2
    assert not {*old} & {*names(sandbox)}
    assert "from now on" not in done.stdout
    assert done.outputs["nodepools"].value["web"]["instance-type"] == "standard.medium"
    assert "web, 2 x standard.medium" in done.outputs["monthly_cost"].value
    assert stack.up().summary.resource_changes.keys() == {"same"}


def test_it_goes_without_a_trace(stack: SandboxStack, cloud: Callable[[], dict[str, int]]) -> None:
    stack.destroy()
    assert cloud() == {}
