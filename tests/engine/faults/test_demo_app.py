"""The demo app in a cluster whose parts are dead, that is replaced, or whose destroy was given up."""

from collections.abc import Callable

import pytest

from sandbox.clusters.processes import kill_process
from sandbox.faults import Fault
from sandbox.sandbox import Sandbox
from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject

pytestmark = [pytest.mark.engine, pytest.mark.slow]

AssertGone = Callable[..., None]
KINDS = "deployment,service,ingress"


@pytest.fixture
def shown(make_subject: Callable[..., Subject]) -> Subject:
    """A stack with the demo app, up."""
    subject = make_subject(demo=True)
    subject.up()
    return subject


def objects(subject: Subject) -> list[str]:
    """What is there of the demo app."""
    return (
        subject.users().kubectl("get", KINDS, "-n", "default", "-l", "app.kubernetes.io/name=demo", "-o=name").split()
    )


def test_its_nodes_are_dead(shown: Subject, sandbox: Sandbox, assert_gone: AssertGone) -> None:
    """Nothing stops its pods any more."""
    kill_process(sandbox.control_planes.admin_kubeconfig(shown.cluster_id).parent, "kwok-controller")
    shown.destroy()
    assert_gone(shown)


def test_the_api_server_is_gone_for_good(shown: Subject, assert_gone: AssertGone) -> None:
    shown.kill("api-server")
    shown.refuses_to_go()
    shown.rescue()
    shown.destroy()
    assert_gone(shown)


def test_a_destroy_that_is_given_up_is_undone_by_an_up(shown: Subject, calls: Calls, assert_gone: AssertGone) -> None:
    calls.arm(Fault("delete-sks-nodepool", "status", status=403, message="not now"))
    shown.refuses_to_go()
    shown.up()
    assert len(objects(shown)) == 3
    shown.destroy()
    assert_gone(shown)


def test_the_cluster_is_replaced(shown: Subject, assert_gone: AssertGone) -> None:
    shown.set(level="pro")
    shown.up()
    assert len(objects(shown)) == 3
    shown.destroy()
    assert_gone(shown)


def test_it_is_left_out_of_a_living_stack(shown: Subject, assert_gone: AssertGone) -> None:
    shown.set(demo=False)
    assert "demo_url" not in shown.up().outputs
    assert objects(shown) == []
    shown.destroy()
    assert_gone(shown)
