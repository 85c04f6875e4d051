"""The stacks of a sandbox, read from its backend's files."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runner.states import States, summary
from sandbox.home import SandboxError

GROUP = {"type": "exoscale:index/antiAffinityGroup:AntiAffinityGroup", "custom": True}
HELD = [
    {"type": "pulumi:pulumi:Stack"},
    {"type": "pulumi:providers:exoscale", "custom": True},
    {"type": "exoscale:index/sksCluster:SksCluster", "custom": True},
    GROUP,
    GROUP,
]


def stack(home: Path, project: str, name: str, latest: Any) -> None:
    file = home / "pulumi" / ".pulumi" / "stacks" / project / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"stack": name, "latest": latest}}))


def test_every_stack_is_found_by_project_and_name(tmp_path: Path) -> None:
    states = States(tmp_path)
    assert states.stacks() == []
    stack(tmp_path, "ours", "dev.eu", {"resources": HELD})
    stack(tmp_path, "fork", "dev", None)
    (tmp_path / "pulumi/.pulumi/stacks/fork/gone.json.bak").touch()  # what is left of a stack that was removed
    assert states.stacks() == [("fork", "dev"), ("ours", "dev.eu")]
    assert (states.has("ours", "dev.eu"), states.has("ours", "dev"), states.has("fork", "gone")) == (
        True,
        False,
        False,
    )


def test_a_state_tells_what_it_holds(tmp_path: Path) -> None:
    for name, latest in (("new", None), ("destroyed", {"manifest": {}}), ("up", {"resources": HELD})):
        stack(tmp_path, "ours", name, latest)
    states = States(tmp_path)
    assert [states.resources("ours", name) for name in ("new", "destroyed", "missing")] == [[], [], []]
    assert summary(states.resources("ours", "up")) == "5 resources (2 AntiAffinityGroup, 1 SksCluster)"
    assert summary(HELD[:1]) == "1 resource"


def test_only_the_lock_of_a_dead_engine_may_be_broken(tmp_path: Path) -> None:
    """The user's own `pulumi` may work on the stack, too: `sandbox env` shows it the way."""
    states = States(tmp_path)
    lock = tmp_path / "pulumi" / ".pulumi" / "locks" / "organization" / "ours" / "dev" / "1.json"
    lock.parent.mkdir(parents=True)
    assert not states.is_locked_by_the_dead("ours", "dev")

    engine = tmp_path / "pulumi-engine"
    shutil.copy(shutil.which("cat") or "", engine)  # any program that waits, under an engine's name
    with subprocess.Popen([engine], stdin=subprocess.PIPE) as process:
        lock.write_text(json.dumps({"pid": process.pid}))
        assert not states.is_locked_by_the_dead("ours", "dev")
    assert states.is_locked_by_the_dead("ours", "dev")
    assert not states.is_locked_by_the_dead("fork", "dev")


@pytest.mark.parametrize("name", ["1.json", "1.json.18ab.tmp"])
@pytest.mark.parametrize("text", ["", '{"pid": 12', "[]", '{"pid": null}'])
def test_half_a_lock_is_of_a_dead_engine_unless_somebody_still_writes_it(name: str, text: str, tmp_path: Path) -> None:
    states = States(tmp_path)
    lock = tmp_path / "pulumi" / ".pulumi" / "locks" / "organization" / "ours" / "dev" / name
    lock.parent.mkdir(parents=True)
    lock.write_text(text)
    assert states.is_locked_by_the_dead("ours", "dev")
    with lock.open("a"):
        assert not states.is_locked_by_the_dead("ours", "dev")
    assert states.is_locked_by_the_dead("ours", "dev")


def test_half_a_lock_beside_one_of_a_living_engine_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "pulumi" / ".pulumi" / "locks" / "organization" / "ours" / "dev"
    folder.mkdir(parents=True)
    (folder / "1.json.18ab.tmp").touch()
    engine = tmp_path / "pulumi-engine"
    shutil.copy(shutil.which("cat") or "", engine)
    with subprocess.Popen([engine], stdin=subprocess.PIPE) as process:
        (folder / "2.json").write_text(json.dumps({"pid": process.pid}))
        assert not States(tmp_path).is_locked_by_the_dead("ours", "dev")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"checkpoint": null}'])
def test_a_broken_state_is_named_with_its_cure(text: str, tmp_path: Path) -> None:
    stack(tmp_path, "ours", "dev", {"resources": HELD})
    state = tmp_path / "pulumi" / ".pulumi" / "stacks" / "ours" / "dev.json"
    state.write_text(text)
    with pytest.raises(SandboxError, match=r"the state of stack dev is no whole file.*: remove it, and `make audit"):
        States(tmp_path).resources("ours", "dev")
    state.with_name("dev.json.bak").touch()
    with pytest.raises(SandboxError, match=r"the state of stack dev is no whole file.*: `cp .*\.bak "):
        States(tmp_path).salt("ours", "dev")


def test_the_state_tells_the_salt_that_a_broken_stack_file_lost(tmp_path: Path) -> None:
    stack(tmp_path, "ours", "dev", {"secrets_providers": {"type": "passphrase", "state": {"salt": "v1:abc="}}})
    stack(tmp_path, "ours", "new", None)
    states = States(tmp_path)
    assert [states.salt("ours", name) for name in ("dev", "new", "missing")] == ["v1:abc=", None, None]


def test_another_program_under_a_dead_engines_number_holds_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "pulumi" / ".pulumi" / "locks" / "organization" / "ours" / "dev" / "1.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": 1}))
    assert States(tmp_path).is_locked_by_the_dead("ours", "dev")
