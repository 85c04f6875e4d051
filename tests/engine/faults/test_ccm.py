"""The cloud controller manager dies, loses replies or its credentials: the load balancers go all the same."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.admin import Admin
from sandbox.faults import Fault
from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account
from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject
from tests.engine.faults.users import load_balancer

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
Left = Callable[[], dict[str, list[str]]]


def test_dead_before_the_destroy(subject: Subject, assert_gone: AssertGone) -> None:
    subject.users().expose("front")
    subject.kill("ccm")
    subject.destroy()
    assert_gone(subject)


@pytest.mark.parametrize("operation", ["delete-load-balancer-service", "delete-load-balancer"])
def test_dies_in_the_middle_of_the_drain(
    subject: Subject, calls: Calls, assert_gone: AssertGone, operation: str
) -> None:
    users = subject.users()
    users.expose("front", ports=(80, 443))
    users.expose("back")
    calls.arm(Fault(operation, "kill-ccm"))
    subject.destroy()
    assert calls.fired
    assert_gone(subject)


def test_died_in_an_earlier_destroy_so_that_helms_record_of_the_release_is_gone(
    subject: Subject, assert_gone: AssertGone
) -> None:
    subject.kill("ccm")
    subject.users().forget_releases()
    assert "release: not found" in subject.refuses_to_go()
    subject.destroy(refresh=True)
    assert_gone(subject)


def crash_in_create(subject: Subject, calls: Calls) -> None:
    """A user's Service, whose NLB is made by a CCM that dies before it sees the reply."""
    trap = calls.trap("create-load-balancer", lambda: subject.kill("ccm"))
    subject.users().apply(load_balancer("front", "default"))
    assert trap.sprung(30)


def test_crashed_between_creating_a_load_balancer_and_recording_its_id(
    subject: Subject, calls: Calls, left: Left, assert_gone: AssertGone
) -> None:
    """The orphan has the name that the Service's next NLB would have, so there never is one."""
    crash_in_create(subject, calls)
    subject.revive("ccm")
    subject.users().await_event("front", "already exists")
    assert len(left()["load-balancer"]) == 2  # the stack's own, and the orphan
    subject.destroy()
    assert_gone(subject)


def test_crashed_there_and_stayed_dead(subject: Subject, calls: Calls, assert_gone: AssertGone) -> None:
    crash_in_create(subject, calls)
    subject.destroy()
    assert_gone(subject)


def test_crashed_there_for_the_ingress_controllers_own_service_in_an_up_that_failed_over_it(
    make_subject: Callable[..., Subject], settings: dict[str, Any], calls: Calls, assert_gone: AssertGone
) -> None:
    """The NLB has no service, no label and the name that we gave it: the description alone says whose it is."""
    ingress = {**settings["ingress"], "load-balancer": "ccm", "timeout-seconds": 5}
    subject = make_subject(ingress=ingress)
    trap = calls.trap("create-load-balancer", lambda: subject.kill("ccm"))
    subject.fails_to_come_up()
    assert trap.sprung(30)
    subject.refuses_to_go()  # Helm waits for a Service that nobody lets go, and no drain is on record yet
    subject.destroy_as_told()  # by now Helm has lost its record of the release
    assert_gone(subject)


def test_never_saw_the_reply_to_its_create_and_was_refused_another_of_that_name(
    subject: Subject, calls: Calls, left: Left, assert_gone: AssertGone
) -> None:
    calls.arm(Fault("create-load-balancer", "lose-reply"))
    subject.users().apply(load_balancer("front", "default"))
    subject.users().await_event("front", "already exists")
    assert len(left()["load-balancer"]) == 2
    subject.destroy()
    assert_gone(subject)


def test_never_saw_the_reply_and_the_service_was_deleted_since_so_that_only_the_audit_sees_it(
    subject: Subject, account: Account, calls: Calls, assert_gone: AssertGone
) -> None:
    """The known limit: the NLB is empty, and no Service of its name is left, so nothing says whose it is."""
    users = subject.users()
    calls.arm(Fault("create-load-balancer", "lose-reply"))
    users.apply(load_balancer("front", "default"))
    users.await_event("front", "already exists")
    name = f"k8s-{users.service('front')['metadata']['uid']}"
    users.kubectl("delete", "service", "front")
    subject.destroy()
    orphan = account.one("load-balancer", lambda item: item["name"] == name)
    assert orphan["id"] in subject.teardown("audit", subject.name).stdout
    assert_gone(subject, kept={"load-balancer": [name]})


def test_its_credentials_were_revoked(subject: Subject, sandbox: Sandbox, assert_gone: AssertGone) -> None:
    subject.users().expose("front")
    Admin(sandbox.record).expire_key(f"sks-ccm-{subject.cluster_id}")
    subject.destroy()
    assert_gone(subject)
