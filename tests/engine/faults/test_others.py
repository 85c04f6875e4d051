"""What belongs to others stays as it was: their load balancers, volumes and clusters."""

from collections.abc import Callable

import pytest
import yaml

from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account, Document, Held, new_key
from tests.engine.faults.calls import Calls
from tests.engine.faults.conftest import BYSTANDER
from tests.engine.faults.strangers import SAME_NAME
from tests.engine.faults.subject import Subject
from tests.engine.faults.test_by_hand import targets
from tests.engine.faults.test_credentials import OTHER, PAIRS, environment
from tests.engine.faults.users import PREFIX, load_balancer, static_volume

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
Left = Callable[[], dict[str, list[str]]]


@pytest.fixture
def neighbours(account: Account, bystander: Held) -> dict[str, Document]:
    """NLBs of the other stack, by who made them."""
    balancers = [item for item in bystander["load-balancer"].values() if item["services"]]
    own = next(item for item in balancers if item.get("labels", {}).get("stack") == BYSTANDER)
    return {"the stack": own, "its users": next(item for item in balancers if item["id"] != own["id"])}


@pytest.mark.parametrize("ccm", ["alive", "dead"])
@pytest.mark.parametrize("made_by", ["the stack", "its users"])
def test_a_service_that_is_attached_to_another_stacks_load_balancer_takes_its_own_services_off_and_nothing_else(
    subject: Subject, neighbours: dict[str, Document], account: Account, assert_gone: AssertGone, made_by: str, ccm: str
) -> None:
    theirs = neighbours[made_by]["id"]
    users = subject.users()
    manifest = yaml.safe_load(load_balancer("front", "default", ports=(8080,), pool_id=subject.pool_id))
    manifest["metadata"]["annotations"] |= {f"{PREFIX}id": theirs, f"{PREFIX}external": "true"}
    users.apply(yaml.safe_dump(manifest))
    users.address("front")
    attached = account.one("load-balancer", lambda item: item["id"] == theirs)
    assert len(attached["services"]) == len(neighbours[made_by]["services"]) + 1
    if ccm == "dead":
        subject.kill("ccm")
    printed = subject.destroy().stdout
    assert f"leaving NLB {theirs}" in printed or ccm == "alive"
    assert_gone(subject)


def test_a_load_balancer_made_by_hand_that_serves_two_stacks_keeps_the_other_ones_traffic(
    subject: Subject, account: Account, neighbours: dict[str, Document], assert_gone: AssertGone
) -> None:
    their_pool = neighbours["the stack"]["services"][0]["instance-pool"]["id"]
    account.balance("shared", their_pool)
    shared = account.one("load-balancer", lambda item: item["name"] == "shared")
    account.serve(shared["id"], subject.pool_id, port=81)
    printed = subject.destroy().stdout
    assert f"leaving NLB {shared['id']}" in printed
    [service] = account.one("load-balancer", lambda item: item["id"] == shared["id"])["services"]
    assert service["instance-pool"]["id"] == their_pool
    assert_gone(subject, kept={"load-balancer": ["shared"]})


def test_others_on_the_stacks_own_load_balancer_stop_the_destroy_before_anything_is_deleted(
    subject: Subject,
    account: Account,
    neighbours: dict[str, Document],
    left: Left,
    assert_gone: AssertGone,
) -> None:
    own = account.one("load-balancer", lambda item: targets(item, subject.pool_id))
    their_pool = neighbours["the stack"]["services"][0]["instance-pool"]["id"]
    guest = account.serve(own["id"], their_pool, port=8080)
    before = left()
    printed = subject.refuses_to_go()
    assert own["id"] in printed
    assert guest in printed
    assert left() == before
    client = account.client
    client.wait(client.delete_load_balancer_service(id=own["id"], service_id=guest)["id"])
    subject.destroy()
    assert_gone(subject)


@pytest.mark.parametrize("whose", ["attached to their machine", "with their labels", "kept by an earlier stack"])
def test_a_volume_that_a_persistent_volume_merely_names_stays_with_its_snapshots(
    make_subject: Callable[..., Subject], account: Account, bystander: Held, assert_gone: AssertGone, whose: str
) -> None:
    client = account.client
    labels = {
        "attached to their machine": {},
        "with their labels": {**SAME_NAME, "stack": BYSTANDER},
        "kept by an earlier stack": {**SAME_NAME, "on-destroy": "keep"},
    }[whose]
    made = client.create_block_storage_volume(name="pvc-11111111-2222-4333-8444-555555555555", size=10, labels=labels)
    theirs = client.wait(made["id"])["reference"]["id"]
    client.wait(client.create_block_storage_snapshot(id=theirs, name="nightly")["id"])
    if not labels:
        machine = {"id": next(iter(bystander["instance"]))}
        client.wait(client.attach_block_storage_volume_to_instance(id=theirs, instance=machine)["id"])
    before = client.get_block_storage_volume(id=theirs)
    subject = make_subject(storage={"csi": True, "on-destroy": "delete"})
    subject.up()
    subject.users().apply(static_volume("theirs", theirs))
    subject.users().store("db")
    printed = subject.destroy().stdout
    assert f"leaving volume {theirs}" in printed
    assert client.get_block_storage_volume(id=theirs) == before
    assert_gone(
        subject,
        kept={
            "block-storage-volume": [before["name"]],
            "block-storage-snapshot": ["nightly"],
        },
    )


@PAIRS
def test_a_key_of_another_organisation_is_refused_by_everything_and_the_stack_is_destroyed_with_its_own(
    make_subject: Callable[..., Subject],
    sandbox: Sandbox,
    left: Left,
    assert_gone: AssertGone,
    names: tuple[str, str],
) -> None:
    subject = make_subject()
    own = environment(OTHER, new_key(sandbox, "own"))
    wrong = environment(names, new_key(sandbox, "wrong", "rival"))
    assert subject.ends("up", own)[0] == 0
    subject.users().expose("front")
    held, recorded = left(), subject.recorded()
    for verb in ("destroy", "up", "preview"):
        status, printed = subject.ends(verb, wrong)
        assert status != 0
        assert "lives in organisation sandbox" in printed, printed
        assert "is of rival" in printed
    for arguments in (["audit"], ["audit", "--fix", "--yes"], ["plan"], ["rescue", "--yes"], ["drift"]):
        answer = subject.teardown(arguments[0], subject.name, *arguments[1:], environment=wrong)
        assert answer.returncode == 1
        assert "lives in organisation sandbox" in answer.stderr, answer.stderr
    assert left() == held
    assert subject.recorded() == recorded
    status, printed = subject.ends("destroy", own)
    assert status == 0, printed
    assert "organisation sandbox" in printed
    assert_gone(subject)


def test_audit_fix_deletes_nothing_while_an_up_is_under_way(
    subject: Subject, calls: Calls, assert_gone: AssertGone
) -> None:
    subject.set(nodepools={"default": {"size": 1}, "second": {"size": 1}})
    with subject.engine("up") as engine:
        trap = calls.trap("create-sks-nodepool", engine.pause)
        assert trap.sprung(60)
        answer = subject.teardown("audit", subject.name, "--fix", "--yes")
        engine.resume()
        status, printed = engine.wait()
    assert status == 0, printed
    assert answer.returncode == 1
    assert "is locked by" in answer.stderr
    subject.destroy()
    assert_gone(subject)


def test_audit_fix_does_not_take_a_living_cluster_for_a_leftover_where_the_state_is_an_older_backup(
    subject: Subject, left: Left, assert_gone: AssertGone
) -> None:
    backup = subject.state()
    subject.set(level="pro")
    subject.up()  # another cluster, another NLB
    subject.users().expose("front")
    today, before = subject.state(), left()
    subject.restore(backup)
    answer = subject.teardown("audit", subject.name, "--fix", "--yes")
    assert answer.returncode == 1
    assert "running cluster" in answer.stdout
    assert left() == before
    subject.restore(today)
    subject.destroy()
    assert_gone(subject)


@pytest.mark.parametrize("copied", ["as it is", "under the copy's name"])
def test_a_copy_of_a_state_destroys_nothing_and_the_audit_names_both(
    subject: Subject, make_subject: Callable[..., Subject], left: Left, assert_gone: AssertGone, copied: str
) -> None:
    subject.users().expose("front")
    copy = make_subject("purple")
    copy.restore(subject.state(), renamed=(subject.name, "purple"), everywhere=copied != "as it is")
    before = left()
    printed = copy.refuses_to_go()
    assert "pulumi stack rm --force" in printed
    assert left() == before
    answer = subject.teardown("audit", subject.name)
    assert answer.returncode == 1
    assert "hold the same stack-id" in answer.stdout
    assert "purple" in answer.stdout
    copy.forget()
    subject.destroy()
    assert_gone(subject)


def test_the_receipt_names_what_carries_the_stacks_name_under_another_id(
    subject: Subject, assert_gone: AssertGone
) -> None:
    printed = subject.destroy().stdout
    assert "nothing that costs money is left" not in printed
    assert f"of the same name, under stack-id {SAME_NAME['stack-id']}" in printed
    assert_gone(subject)
