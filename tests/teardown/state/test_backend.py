"""Reading and writing a stack's state through `pulumi`."""

import json
import os
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.teardown.errors import TeardownError
from components.teardown.state.backend import Pulumi, plain_name, project
from components.teardown.state.edit import hopeless, without
from components.teardown.state.recorded import STACK_ID, resources
from tests.teardown.deployment import cluster, exported, in_the_cluster, nodepool, stack_id, urn
from tools import path_of


def test_the_project_is_the_one_that_the_folder_says(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")

    assert project(tmp_path) == "shop"
    with pytest.raises(TeardownError, match=r"no Pulumi\.yaml"):
        project(tmp_path / "elsewhere")


@pytest.mark.parametrize("given", ["dev", "acme/dev", "acme/shop/dev", "organization/shop/dev"])
def test_a_stack_means_the_same_however_it_is_qualified(given: str) -> None:
    assert plain_name(given, "shop") == "dev"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ("acme/blog/dev", "acme/blog/dev is a stack of project blog, and this folder's Pulumi.yaml is of shop"),
        ("acme/shop/", '"acme/shop/" is not a stack name; allowed: STACK, or ORGANISATION/shop/STACK'),
        ("a/b/c/d", '"a/b/c/d" is not a stack name; allowed: STACK, or ORGANISATION/shop/STACK'),
        ("", '"" is not a stack name; allowed: STACK, or ORGANISATION/shop/STACK'),
    ],
)
def test_a_name_of_another_projects_stack_or_of_none_is_refused(given: str, refusal: str) -> None:
    with pytest.raises(TeardownError) as error:
        plain_name(given, "shop")

    assert str(error.value) == refusal


def test_without_pulumi_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(TeardownError, match="pulumi is not on PATH"):
        Pulumi(tmp_path).stacks()


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pulumi]:
    """A `pulumi` that gives prepared answers: by its first two words, or an error."""
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncd {tmp_path}; cat "$1 $2" 2>/dev/null || {{ cat error >&2; exit 255; }}\n')
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    def given(error: str = "", **by_words: object) -> Pulumi:
        (tmp_path / "error").write_text(f"error: {error}\n")
        for words, answer in by_words.items():
            (tmp_path / words.replace("_", " ").replace("JSON", "--json")).write_text(json.dumps(answer))
        return Pulumi(tmp_path)

    return given


def test_stacks_are_listed_by_their_plain_names(answers: Callable[..., Pulumi]) -> None:
    assert answers(stack_ls=[{"name": "acme/shop/dev"}, {"name": "dev-2"}]).stacks() == {"dev", "dev-2"}


def test_only_a_stack_that_is_not_there_has_no_state(answers: Callable[..., Pulumi]) -> None:
    assert answers("no stack named 'dev' found").export("dev") is None
    with pytest.raises(TeardownError, match=r"^pulumi stack export: passphrase must be set$"):
        answers("passphrase must be set").export("dev")


def test_a_running_update_works_on_its_stack_and_on_no_other(answers: Callable[..., Pulumi]) -> None:
    rows = [{"name": "acme/shop/dev", "updateInProgress": True}, {"name": "acme/shop/dev-2"}]
    pulumi = answers(stack_ls=rows, whoami_JSON={"url": "https://app.pulumi.com/acme"})

    assert pulumi.worker("dev") == pulumi.worker("acme/shop/dev") == "an update that is under way"
    assert pulumi.worker("dev-2") == ""


def test_who_holds_the_lock_of_a_file_backend_is_named(answers: Callable[..., Pulumi], tmp_path: Path) -> None:
    """`pulumi stack ls` says nothing of these locks."""
    pulumi = answers(
        stack_ls=[{"name": "dev"}, {"name": "dev-2"}], whoami_JSON={"url": f"file://{tmp_path}/my%20state"}
    )
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    for name, pid in (("shop", 4711), ("another", 4712)):
        lock = tmp_path / "my state" / ".pulumi" / "locks" / "organization" / name / "dev" / "5f6a.json"
        lock.parent.mkdir(parents=True)
        lock.write_text(json.dumps({"pid": pid, "username": "jane", "hostname": "tower"}))

    assert pulumi.worker("dev") == pulumi.worker("organization/shop/dev") == "jane@tower (pid 4711)"
    assert pulumi.worker("dev-2") == ""


def test_the_last_up_is_the_newest_update_in_the_history_whatever_came_after_it(answers: Callable[..., Pulumi]) -> None:
    def ran(kind: str, hour: int) -> dict[str, str]:
        return {"kind": kind, "startTime": f"2026-11-24T{hour}:00:00.000Z", "endTime": f"2026-11-24T{hour}:05:00.000Z"}

    history = [ran("refresh", 15), ran("destroy", 14), ran("update", 13), ran("update", 12)]

    assert answers(stack_history=history).last_up("dev") == datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
    assert answers(stack_history=history[:2]).last_up("dev") is None


def test_a_destroy_that_pulumi_did_not_finish_is_an_error(answers: Callable[..., Pulumi]) -> None:
    with pytest.raises(TeardownError, match=r"^`pulumi destroy --stack dev` ended with status 255$"):
        answers("no passphrase").destroy("dev")


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pulumi]:
    """The pinned `pulumi`, logged in to a folder, with a project and these stacks."""
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\nruntime: python\n")
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("PATH", f"{path_of('pulumi').parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/state")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a")
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")

    def logged_in(*stacks: str) -> Pulumi:
        made = Pulumi(tmp_path)
        for stack in stacks:
            subprocess.run(["pulumi", "stack", "init", stack, "--non-interactive"], cwd=tmp_path, check=True)
        return made

    return logged_in


@pytest.mark.engine
def test_the_real_pulumi_lists_the_projects_stacks(pulumi: Callable[..., Pulumi]) -> None:
    assert pulumi("dev", "dev-2").stacks() == {"dev", "dev-2"}


@pytest.mark.engine
def test_the_real_pulumi_knows_no_such_stack(pulumi: Callable[..., Pulumi]) -> None:
    assert pulumi("dev").export("dev-2") is None


@pytest.mark.engine
def test_the_real_pulumis_lock_is_found_where_it_puts_it(pulumi: Callable[..., Pulumi], tmp_path: Path) -> None:
    backend = pulumi("dev")
    assert backend.worker("dev") == ""
    holder = {"pid": 4711, "username": "jane", "hostname": "tower", "timestamp": "2026-11-24T12:00:00Z"}
    lock = tmp_path / "state" / ".pulumi" / "locks" / "organization" / "exoscale-sks" / "dev" / "5f6a.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(json.dumps(holder))

    with pytest.raises(TeardownError, match="locked by 1 lock"):
        backend.restore("dev", exported())
    assert backend.worker("dev") == "jane@tower (pid 4711)"


@pytest.mark.engine
def test_the_real_pulumi_takes_a_rescued_state_back(pulumi: Callable[..., Pulumi]) -> None:
    backend = pulumi("dev")
    new = backend.export("dev")
    assert new is not None
    whole = exported(
        stack_id(), cluster("the-cluster"), nodepool("the-nodepool", "p"), *in_the_cluster("the-cluster", "p")
    )
    whole["deployment"]["manifest"] = new["deployment"]["manifest"]
    backend.restore("dev", whole)
    state = backend.export("dev")
    assert state is not None

    backend.restore("dev", without(state, hopeless(state, gone={"the-cluster"})))

    left = backend.export("dev")
    assert left is not None
    assert urn(STACK_ID, "id") in {found["urn"] for found in resources(left)}
    assert not hopeless(left, gone={"the-cluster"})


@pytest.mark.engine
def test_the_real_pulumi_refuses_a_state_with_a_reference_to_nothing(pulumi: Callable[..., Pulumi]) -> None:
    backend = pulumi("dev")
    whole = exported(nodepool("the-nodepool", "the-pool"))

    with pytest.raises(TeardownError, match="pulumi stack import"):
        backend.restore("dev", whole)
