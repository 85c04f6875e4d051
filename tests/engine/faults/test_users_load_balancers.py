"""Services of type LoadBalancer that users made: none survives the stack, and none can hold it up."""

from collections.abc import Callable

import pytest

from sandbox.faults import Fault
from tests.engine.faults.account import Account
from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject
from tests.engine.faults.users import FINALIZER, PREFIX, held_config_map, load_balancer

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]


def test_services_in_other_namespaces_go_with_the_stack(subject: Subject, assert_gone: AssertGone) -> None:
    users = subject.users()
    for namespace in ("shop", "blog"):
        users.namespace(namespace)
        users.expose("front", namespace)
    users.expose("plain")
    subject.destroy()
    assert_gone(subject)


def test_a_service_whose_ports_changed_while_the_ccm_was_dead_leaves_no_load_balancer(
    subject: Subject, assert_gone: AssertGone
) -> None:
    users = subject.users()
    users.expose("front", ports=(80, 443))
    subject.kill("ccm")
    # The CCM removes what matches today's ports, and the NLB only when nothing else is in it.
    users.patch("service", "front", {"op": "remove", "path": "/spec/ports/1"})
    users.kubectl("delete", "service", "front", "--wait=false")
    subject.revive("ccm")
    subject.destroy()
    assert_gone(subject)


def test_a_controller_that_recreates_its_service_is_stopped_first(subject: Subject, assert_gone: AssertGone) -> None:
    users = subject.users()
    users.namespace("gitops")
    users.expose("front", "gitops")
    with subject.recreating("front", "gitops") as controller:
        subject.destroy()
        assert controller.refused.is_set()
    assert_gone(subject)


def test_a_finalizer_that_nobody_removes_does_not_keep_a_service_and_its_load_balancer(
    subject: Subject, assert_gone: AssertGone
) -> None:
    users = subject.users()
    users.expose("front")
    users.patch("service", "front", {"op": "add", "path": "/metadata/finalizers/-", "value": FINALIZER})
    subject.destroy()
    assert_gone(subject)


def test_a_namespace_stuck_in_terminating_does_not_keep_its_load_balancers(
    subject: Subject, assert_gone: AssertGone
) -> None:
    users = subject.users()
    users.namespace("stuck")
    users.apply(held_config_map("held", "stuck"))
    users.expose("front", "stuck")
    users.kubectl("delete", "namespace", "stuck", "--wait=false")
    subject.destroy()
    assert_gone(subject)


def test_a_load_balancer_whose_id_somebody_took_off_its_service_goes_too(
    subject: Subject, assert_gone: AssertGone
) -> None:
    users = subject.users()
    users.expose("front")
    subject.kill("ccm")  # or it would make a second one at once, and write that one's id
    users.kubectl("annotate", "service", "front", f"{PREFIX}id-")
    subject.revive("ccm")
    subject.destroy()
    assert_gone(subject)


def test_a_load_balancer_made_by_hand_in_front_of_the_nodes_goes_too(
    subject: Subject, account: Account, assert_gone: AssertGone
) -> None:
    """Nothing but its target says whose it is, and the nodepool cannot go before it."""
    account.balance("by-hand", subject.pool_id)
    subject.destroy()
    assert_gone(subject)


def test_the_next_up_opens_the_cluster_again_after_a_destroy_that_was_given_up(
    subject: Subject, calls: Calls, assert_gone: AssertGone
) -> None:
    users = subject.users()
    calls.arm(Fault("delete-sks-nodepool", "status", status=403))
    subject.refuses_to_go()
    with pytest.raises(AssertionError, match="is being destroyed"):
        users.apply(load_balancer("front", "default"))
    subject.up()
    users.expose("front")
    subject.destroy()
    assert_gone(subject)
