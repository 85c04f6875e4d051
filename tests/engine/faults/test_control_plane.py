"""The API server is away for a while or for good, or somebody deleted the cluster in the console."""

from collections.abc import Callable

import pytest

from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account
from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
Left = Callable[[], dict[str, list[str]]]


def test_an_api_server_that_goes_away_in_the_drain_and_comes_back_is_waited_for(
    make_subject: Callable[..., Subject], calls: Calls, assert_gone: AssertGone
) -> None:
    subject = make_subject(drain={"wait-seconds": 60})
    subject.up()
    subject.users().expose("front")
    trap = calls.trap("delete-load-balancer", lambda: subject.kill("api-server"))
    with subject.engine("destroy") as engine:
        assert trap.sprung(60)
        subject.revive("api-server")
        status, printed = engine.wait()
    assert status == 0, printed
    assert_gone(subject)


def test_an_api_server_that_never_comes_back_is_a_case_for_rescue(
    subject: Subject, calls: Calls, assert_gone: AssertGone
) -> None:
    subject.users().expose("front")
    trap = calls.trap("delete-load-balancer", lambda: subject.kill("api-server"))
    printed = subject.refuses_to_go()
    assert trap.sprung()
    assert f"make rescue STACK={subject.name}" in printed
    subject.rescue()
    subject.destroy()
    assert_gone(subject)


def test_an_api_server_that_was_gone_before_the_destroy_is_a_case_for_rescue(
    subject: Subject, assert_gone: AssertGone
) -> None:
    subject.users().expose("front")
    subject.kill("api-server")
    subject.refuses_to_go()
    subject.rescue()
    subject.destroy()
    assert_gone(subject)


def test_rescue_refuses_while_the_control_plane_answers(subject: Subject, left: Left, assert_gone: AssertGone) -> None:
    before = left()
    answer = subject.teardown("rescue", subject.name)
    assert answer.returncode == 1
    assert "pulumi destroy" in answer.stderr
    assert left() == before
    subject.destroy()
    assert_gone(subject)


def test_a_cluster_deleted_in_the_console_is_a_case_for_rescue(
    subject: Subject,
    sandbox: Sandbox,
    account: Account,
    left: Left,
    assert_gone: AssertGone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worst case: the cloud lets it go with its nodepools, and the load balancers stay."""
    monkeypatch.setattr(sandbox.cloud.rules, "cluster_with_nodepools_refused", False)
    subject.users().expose("front")
    account.client.wait(account.client.delete_sks_cluster(id=subject.cluster_id)["id"])
    assert len(left()["load-balancer"]) == 2
    subject.refuses_to_go()
    subject.rescue()
    subject.destroy()
    assert_gone(subject)


def test_nodepools_and_cluster_deleted_in_the_console_one_after_the_other(
    subject: Subject, sandbox: Sandbox, account: Account, assert_gone: AssertGone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox.cloud.rules, "nodepool_locked_by_load_balancer", False)
    subject.users().expose("front")
    client, cluster = account.client, subject.cluster_id
    for pool in client.get_sks_cluster(id=cluster)["nodepools"]:
        client.wait(client.delete_sks_nodepool(id=cluster, sks_nodepool_id=pool["id"])["id"])
    client.wait(client.delete_sks_cluster(id=cluster)["id"])
    subject.refuses_to_go()
    subject.rescue()
    subject.destroy()
    assert_gone(subject)


def test_rescue_takes_volumes_by_the_policy(
    make_subject: Callable[..., Subject],
    sandbox: Sandbox,
    account: Account,
    assert_gone: AssertGone,
) -> None:
    subject = make_subject(storage={"csi": True, "on-destroy": "delete"})
    subject.up()
    subject.users().store("db")
    subject.kill("api-server")
    subject.refuses_to_go()
    subject.rescue()
    subject.destroy()
    assert_gone(subject)
