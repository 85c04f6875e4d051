"""What people and other machines did to the stack's resources, and what Exoscale refuses for a while."""

from collections.abc import Callable

import pytest

from sandbox.faults import Fault
from tests.engine.faults.account import Account, Document
from tests.engine.faults.calls import Calls
from tests.engine.faults.subject import Subject

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
IN_USE = "Cannot delete group when it's in use by virtual machines"


def of_its_nodes(subject: Subject, account: Account) -> Document:
    """The stack's security group."""
    start = f"exoscale-sks-{subject.name}-nodes_"
    return account.one("security-group", lambda item: item["name"].startswith(start))


def test_the_stacks_load_balancer_was_deleted_by_hand(
    subject: Subject, account: Account, assert_gone: AssertGone
) -> None:
    balancer = account.one("load-balancer", lambda item: targets(item, subject.pool_id))
    account.client.wait(account.client.delete_load_balancer(id=balancer["id"])["id"])
    assert "resource not found" in subject.refuses_to_go()
    subject.destroy(refresh=True)
    assert_gone(subject)


def test_the_stacks_security_group_was_deleted_by_hand_after_its_nodes_were_gone(
    subject: Subject, account: Account, calls: Calls, assert_gone: AssertGone
) -> None:
    calls.arm(Fault("delete-security-group", "status", status=409, message=IN_USE))
    subject.refuses_to_go()
    client, group = account.client, of_its_nodes(subject, account)
    for rule in group.get("rules", []):
        client.wait(client.delete_rule_from_security_group(id=group["id"], rule_id=rule["id"])["id"])
    client.wait(client.delete_security_group(id=group["id"])["id"])
    assert "resource not found" in subject.refuses_to_go()
    subject.destroy(refresh=True)
    assert_gone(subject)


def test_the_security_group_is_in_use_for_a_while(subject: Subject, calls: Calls, assert_gone: AssertGone) -> None:
    calls.arm(Fault("delete-security-group", "status", status=409, message=IN_USE, times=2))
    for _ in range(2):
        assert IN_USE in subject.refuses_to_go()
    subject.destroy()
    assert_gone(subject)


def test_the_nodepool_is_locked_once_more_by_a_load_balancer_that_is_gone(
    subject: Subject, calls: Calls, assert_gone: AssertGone
) -> None:
    locked = f"Operation destroyInstancePool on resource {subject.pool_id} is forbidden - reason: Locked by NLB"
    calls.arm(Fault("delete-sks-nodepool", "status", status=403, message=locked))
    assert "Locked by NLB" in subject.refuses_to_go()
    subject.destroy()
    assert_gone(subject)


def test_somebody_balances_to_the_nodes_by_hand_while_the_destroy_is_under_way(
    subject: Subject, account: Account, calls: Calls, assert_gone: AssertGone
) -> None:
    """When the ingress controller goes, after the drain: the second drain sees it."""
    pool = subject.pool_id
    trap = calls.trap("delete-load-balancer-service", lambda: account.plant_balancer("by-hand", pool))
    subject.destroy()
    assert trap.sprung()
    assert_gone(subject)


def test_somebody_balances_to_the_nodes_by_hand_when_the_second_drain_is_past_and_is_named_by_the_error(
    subject: Subject, account: Account, calls: Calls, assert_gone: AssertGone
) -> None:
    """The known limit: no drain is in the state any more, so somebody has to take it away."""
    pool = subject.pool_id
    calls.trap("delete-sks-nodepool", lambda: account.plant_balancer("by-hand", pool))
    printed = subject.refuses_to_go()
    balancer = account.one("load-balancer", lambda item: item["name"] == "by-hand")
    assert f"Locked by NLB {balancer['id']}" in printed
    account.client.wait(account.client.delete_load_balancer(id=balancer["id"])["id"])
    subject.destroy()
    assert_gone(subject)


def test_somebody_added_a_rule_to_the_stacks_security_group_that_names_the_group_itself(
    subject: Subject, account: Account, assert_gone: AssertGone
) -> None:
    """Exoscale refuses to delete such a group (docs/exoscale.md, Destroying)."""
    group = of_its_nodes(subject, account)
    added = account.client.add_rule_to_security_group(
        id=group["id"],
        flow_direction="ingress",
        protocol="tcp",
        start_port=9100,
        end_port=9100,
        security_group={"id": group["id"]},
    )
    account.client.wait(added["id"])
    subject.destroy()
    assert_gone(subject)


def test_somebody_added_a_nodepool_to_the_cluster(subject: Subject, account: Account, assert_gone: AssertGone) -> None:
    """Exoscale refuses to delete a cluster that has nodepools."""
    cluster = account.client.get_sks_cluster(id=subject.cluster_id)
    kind = cluster["nodepools"][0]["instance-type"]
    added = account.client.create_sks_nodepool(
        id=cluster["id"], name="by-hand", size=1, disk_size=20, instance_type={"id": kind["id"]}
    )
    account.client.wait(added["id"])
    subject.destroy()
    assert_gone(subject)


def targets(balancer: Document, pool_id: str) -> bool:
    """Whether an NLB sends traffic to the pool."""
    return any(service["instance-pool"]["id"] == pool_id for service in balancer["services"])
