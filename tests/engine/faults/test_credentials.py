"""Credentials that were good at the last up and are no longer, and where they must not be found."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.admin import Admin
from sandbox.sandbox import Sandbox
from tests.engine.faults.account import new_key
from tests.engine.faults.subject import Subject
from tests.engine.faults.users import await_refusal

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
Left = Callable[[], dict[str, list[str]]]
Keys = tuple[tuple[str, str], tuple[str, str]]
USUAL = ("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET")
OTHER = ("EXOSCALE_KEY", "EXOSCALE_SECRET")
PAIRS = pytest.mark.parametrize("names", [USUAL, OTHER], ids=["usual names", "other names"])


@pytest.fixture
def keys(sandbox: Sandbox) -> Iterator[Keys]:
    """An API key for the up, and the one that replaces it."""
    yield new_key(sandbox, "before"), new_key(sandbox, "after")
    for name in ("before", "after"):
        Admin(sandbox.record).restore_key(name)


def environment(names: tuple[str, str], key: tuple[str, str]) -> dict[str, str]:
    """A key under one pair of names, and none under the other."""
    return {**dict.fromkeys((*USUAL, *OTHER), ""), **dict(zip(names, key, strict=True))}


def test_a_kubeconfig_for_people_that_has_expired_is_no_obstacle(
    make_subject: Callable[..., Subject], tmp_path: Path, assert_gone: AssertGone
) -> None:
    file = tmp_path / "access.yaml"
    subject = make_subject(kubeconfig={"ttl-seconds": 1, "early-renewal-seconds": 0, "file": str(file)})
    subject.up()
    subject.users().expose("front")
    await_refusal(file)
    subject.destroy()
    assert_gone(subject)


@pytest.mark.parametrize("run_program", [False, True], ids=["plain", "with --run-program"])
def test_a_key_rotated_since_the_last_up_is_no_obstacle_under_the_names_that_the_state_does_not_keep(
    make_subject: Callable[..., Subject], sandbox: Sandbox, keys: Keys, assert_gone: AssertGone, run_program: bool
) -> None:
    subject = make_subject()
    before, after = (environment(OTHER, key) for key in keys)
    assert subject.ends("up", before)[0] == 0
    subject.users().expose("front")
    Admin(sandbox.record).expire_key("before")
    status, printed = subject.ends("destroy", after, run_program=run_program)
    assert status == 0, printed
    assert_gone(subject)


@pytest.mark.parametrize("way", ["destroy with --run-program", "up first"])
def test_a_key_rotated_since_the_last_up_is_refused_under_the_usual_names_until_the_state_has_todays(
    make_subject: Callable[..., Subject], sandbox: Sandbox, keys: Keys, left: Left, assert_gone: AssertGone, way: str
) -> None:
    """The state holds the old one (docs/credentials.md), and a plain destroy uses that."""
    subject = make_subject()
    before, after = (environment(USUAL, key) for key in keys)
    assert subject.ends("up", before)[0] == 0
    subject.users().expose("front")
    Admin(sandbox.record).expire_key("before")
    if way == "up first":
        assert subject.ends("up", after)[0] == 0
    else:
        status, printed = subject.ends("destroy", after)
        assert status != 0
        assert "unable to verify user credentials" in printed
        assert "sks-cluster" in left()
    status, printed = subject.ends("destroy", after, run_program=way != "up first")
    assert status == 0, printed
    assert_gone(subject)


@PAIRS
def test_neither_key_nor_secret_is_found_in_the_state_or_in_what_was_printed(
    make_subject: Callable[..., Subject],
    sandbox: Sandbox,
    keys: Keys,
    assert_gone: AssertGone,
    names: tuple[str, str],
) -> None:
    subject = make_subject()
    variables = environment(names, keys[0])
    printed = [subject.ends(verb, variables)[1] for verb in ("up", "destroy")]
    files = [file for file in (sandbox.home / "pulumi").rglob("*") if file.is_file()]
    assert any(subject.name in file.name for file in files)
    for text in (*printed, *(file.read_text(errors="replace") for file in files)):
        assert keys[0][0] not in text
        assert keys[0][1] not in text
    assert_gone(subject)


@PAIRS
def test_half_a_key_stops_the_destroy_before_anything_happens(
    make_subject: Callable[..., Subject],
    keys: Keys,
    left: Left,
    assert_gone: AssertGone,
    names: tuple[str, str],
) -> None:
    subject = make_subject()
    variables = environment(names, keys[0])
    assert subject.ends("up", variables)[0] == 0
    before = left()
    status, printed = subject.ends("destroy", {**variables, names[1]: ""})
    assert status != 0
    assert keys[0][1] not in printed  # the plugin prints the half that it was given (docs/credentials.md)
    assert left() == before
    assert subject.ends("destroy", variables)[0] == 0
    assert_gone(subject)
