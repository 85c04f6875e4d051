"""Other clones, other pools, other clusters, other stacks: what a destroy has to know beyond the last up."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.sandbox import Sandbox
from tests.engine.faults.engine import PROJECT, Engine
from tests.engine.faults.subject import Subject

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
NOT_CLONED = (".git", ".venv", ".kube", ".sandbox", ".hypothesis", ".*_cache", "__pycache__", "*.pyc")
SMALL = {"size": 1, "instance-type": "standard.small", "disk-size-gb": 20}


def test_destroy_from_a_fresh_clone_on_another_machine_with_the_state_in_a_shared_backend(
    subject: Subject, sandbox: Sandbox, assert_gone: AssertGone, tmp_path: Path
) -> None:
    subject.users().expose("front")
    clone, home = tmp_path / "clone", tmp_path / "home"
    shutil.copytree(PROJECT, clone, ignore=shutil.ignore_patterns(*NOT_CLONED))
    (clone / ".venv").symlink_to(PROJECT / ".venv")  # as `pulumi install` makes it there
    home.mkdir()
    (home / "pulumi").symlink_to(sandbox.home / "pulumi")
    shutil.copy(sandbox.home / "passphrase", home)
    with Engine(replace(subject.run("destroy"), home=str(home), project=str(clone))) as engine:
        status, printed = engine.wait()
    assert status == 0, printed
    assert_gone(subject)


def test_a_pool_was_added_and_users_balance_to_it(subject: Subject, assert_gone: AssertGone) -> None:
    subject.set(nodepools={"default": SMALL, "second": SMALL})
    subject.up()
    subject.users().expose("front", pool_id=subject.pool_ids["second"])
    subject.destroy()
    assert_gone(subject)


def test_a_pool_that_users_balance_to_is_removed(subject: Subject, assert_gone: AssertGone) -> None:
    subject.set(nodepools={"default": SMALL, "second": SMALL})
    subject.up()
    subject.users().expose("front", pool_id=subject.pool_ids["second"])
    subject.set(nodepools={"default": SMALL})
    subject.fails_to_come_up()
    subject.destroy()
    assert_gone(subject)


@pytest.mark.parametrize("change", [{"level": "pro"}, {"zone": "at-vie-1"}], ids=["level", "zone"])
def test_the_cluster_was_replaced_while_users_had_things_in_the_old_one(
    subject: Subject, assert_gone: AssertGone, change: dict[str, str]
) -> None:
    users = subject.users()
    users.expose("front")
    users.store("db")
    subject.set(**change)
    subject.up()
    subject.users().expose("front")
    subject.destroy()
    assert_gone(subject)


def test_two_stacks_with_names_that_begin_alike_are_destroyed_at_the_same_time(
    make_subject: Callable[..., Subject], assert_gone: AssertGone
) -> None:
    stacks = [make_subject("red"), make_subject("red-default")]
    for stack in stacks:
        stack.up()
        stack.users().expose("front")
    with stacks[0].engine("destroy") as one, stacks[1].engine("destroy") as other:
        ended = [one.wait(), other.wait()]
    assert [status for status, _ in ended] == [0, 0], ended
    assert_gone(*stacks)
