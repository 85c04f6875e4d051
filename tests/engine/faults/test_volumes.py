"""Volumes behind PersistentVolumeClaims: refused, deleted or kept as the policy says, and never lost silently."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.faults.account import Account, Held, besides
from tests.engine.faults.subject import Subject
from tests.engine.faults.users import claim

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
Left = Callable[[], dict[str, list[str]]]


@pytest.fixture
def store(make_subject: Callable[..., Subject]) -> Callable[[str], Subject]:
    """Brings a stack up whose users keep data on two volumes."""

    def up(policy: str) -> Subject:
        subject = make_subject(storage={"csi": True, "on-destroy": policy})
        subject.up()
        subject.users().store("db", replicas=2)
        return subject

    return up


@pytest.fixture
def volumes(account: Account, bystander: Held) -> Callable[[], dict[str, Any]]:
    """The volumes of the stack under test, by name."""
    return lambda: {item["name"]: item for item in besides(account.holds(), bystander)["block-storage-volume"].values()}


def test_refuse_names_the_volumes_and_touches_nothing(
    store: Callable[[str], Subject], volumes: Callable[[], dict[str, Any]], left: Left, assert_gone: AssertGone
) -> None:
    subject = store("refuse")
    before = left()
    printed = subject.refuses_to_go()
    assert all(volume["id"] in printed for volume in volumes().values())
    assert left() == before
    subject.set(storage={"csi": True, "on-destroy": "delete"})
    subject.up()
    subject.destroy()
    assert_gone(subject)


def test_delete_takes_the_volumes_with_the_stack(store: Callable[[str], Subject], assert_gone: AssertGone) -> None:
    subject = store("delete")
    subject.destroy()
    assert_gone(subject)


def test_keep_leaves_exactly_the_volumes_detached_and_says_what_they_are(
    store: Callable[[str], Subject], volumes: Callable[[], dict[str, Any]], assert_gone: AssertGone
) -> None:
    subject = store("keep")
    kept = volumes()
    assert len(kept) == 2
    printed = subject.destroy().stdout
    assert all(volume["id"] in printed for volume in kept.values())
    assert all("instance" not in volume for volume in volumes().values())
    assert {volume["labels"]["stack"] for volume in volumes().values()} == {subject.name}
    assert_gone(subject, kept={"block-storage-volume": sorted(kept)})


@pytest.mark.parametrize("policy", ["delete", "keep"])
def test_the_environment_overrides_what_the_last_up_recorded(
    store: Callable[[str], Subject],
    volumes: Callable[[], dict[str, Any]],
    assert_gone: AssertGone,
    monkeypatch: pytest.MonkeyPatch,
    policy: str,
) -> None:
    subject = store("refuse")
    kept = sorted(volumes())
    monkeypatch.setenv("STORAGE_ON_DESTROY", policy)
    subject.destroy()
    assert_gone(subject, kept={"block-storage-volume": kept} if policy == "keep" else {})


def test_claims_that_a_deleted_statefulset_left_behind_count_too(
    store: Callable[[str], Subject], volumes: Callable[[], dict[str, Any]], assert_gone: AssertGone
) -> None:
    subject = store("delete")
    subject.users().kubectl("delete", "statefulset", "db")
    assert len(volumes()) == 2
    subject.destroy()
    assert_gone(subject)


def test_refuse_sees_volumes_that_are_attached_to_nothing(
    store: Callable[[str], Subject],
    volumes: Callable[[], dict[str, Any]],
    left: Left,
    monkeypatch: pytest.MonkeyPatch,
    assert_gone: AssertGone,
) -> None:
    subject = store("refuse")
    subject.users().kubectl("delete", "statefulset", "db")
    printed = subject.refuses_to_go()
    assert all(volume["id"] in printed for volume in volumes().values())
    monkeypatch.setenv("STORAGE_ON_DESTROY", "delete")
    subject.destroy()
    assert_gone(subject)


def test_a_volume_of_class_retain_and_its_snapshot_go_by_the_policy_too(
    make_subject: Callable[..., Subject],
    account: Account,
    volumes: Callable[[], dict[str, Any]],
    assert_gone: AssertGone,
) -> None:
    subject = make_subject(storage={"csi": True, "on-destroy": "delete"})
    subject.up()
    users = subject.users()
    users.apply(claim("kept", "default", "exoscale-bs-retain"))
    users.kubectl("wait", "pvc/kept", "--for=jsonpath={.status.phase}=Bound", "--timeout=60s")
    users.await_attached(1)  # a volume on its way to a machine takes no snapshot
    [volume] = volumes().values()
    client = account.client
    client.wait(client.create_block_storage_snapshot(id=volume["id"], name="nightly")["id"])
    users.kubectl("delete", "pod,pvc", "kept")
    assert len(volumes()) == 1
    subject.destroy()
    assert_gone(subject)


@pytest.mark.parametrize("policy", ["delete", "keep"])
def test_a_volume_that_somebody_detached_by_hand_is_never_let_go_by_the_driver_and_the_destroy_gets_through(
    store: Callable[[str], Subject],
    volumes: Callable[[], dict[str, Any]],
    account: Account,
    assert_gone: AssertGone,
    policy: str,
) -> None:
    subject = store(policy)
    kept = sorted(volumes())
    for volume in volumes().values():
        account.client.wait(account.client.detach_block_storage_volume(id=volume["id"])["id"])
    subject.destroy()
    assert_gone(subject, kept={"block-storage-volume": kept} if policy == "keep" else {})


def test_with_the_csi_controller_dead_the_volumes_go_all_the_same(
    store: Callable[[str], Subject], assert_gone: AssertGone
) -> None:
    subject = store("delete")
    subject.kill("csi")
    subject.destroy()
    assert_gone(subject)


def test_volumes_of_a_stack_whose_destroy_was_killed_between_them_and_the_cluster_are_still_known(
    store: Callable[[str], Subject], calls: Any, account: Account, assert_gone: AssertGone
) -> None:
    subject = store("delete")
    with subject.engine("destroy") as engine:
        trap = calls.trap("delete-block-storage-volume", engine.kill)
        engine.wait()
    assert trap.sprung()
    account.settle()
    subject.destroy()
    assert_gone(subject)
