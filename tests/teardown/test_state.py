"""Reading and writing a stack's state through `pulumi`."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from teardown.errors import TeardownError
from teardown.state import BALANCER, COMMAND, Pulumi, calls, project, recorded, resources
from teardown.surgery import hopeless, without
from tests.teardown.deployment import (
    ANTI_AFFINITY_GROUP,
    cluster,
    command,
    exported,
    mark,
    nodepool,
    release,
    resource,
    urn,
)
from tests.teardown.world import OURS
from tools import path_of


def test_a_state_says_which_cloud_resources_are_the_stacks() -> None:
    state = recorded(
        exported(
            mark(OURS),
            cluster("the-cluster", "at-vie-1"),
            nodepool("the-nodepool", "the-pool"),
            *release("the-cluster", "the-pool", "keep"),
            resource(BALANCER, "ingress", "the-nlb"),
            resource(ANTI_AFFINITY_GROUP, "default", "the-group"),
        )
    )

    assert (state.stack_id, state.owner) == (OURS.stack_id, OURS.owner)
    assert {"the-cluster", "the-nodepool", "the-nlb", "the-group"} <= state.ids
    assert state.clusters == (("the-cluster", "at-vie-1"),)
    assert state.pool_ids == {"the-pool"}
    assert state.balancer_ids == {"the-nlb"}
    assert [options["on-destroy"] for options in state.drains] == [["keep"], ["keep"]]


def test_an_empty_state_records_nothing() -> None:
    assert recorded({"version": 3, "deployment": {"manifest": {}}}) == recorded(None)


def test_a_secret_is_not_taken_for_text() -> None:
    wrapped = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:…"}
    secret = mark(OURS)
    secret["outputs"]["stdout"] = wrapped

    assert recorded(exported(secret)).stack_id == ""


def test_commands_are_known_by_what_they_run_not_by_their_names() -> None:
    drain = command("drain", delete="sh teardown/run.sh drain --pool a --pool b --releases --zone 'x y'")

    assert calls(drain, "delete", "drain") == {"pool": ["a", "b"], "releases": [], "zone": ["x y"]}
    assert calls(drain, "delete", "sweep") is None
    assert calls(drain, "create", "drain") is None
    assert calls(command("drain", delete="echo teardown drain"), "delete", "drain") is None
    assert calls(resource(BALANCER, "drain", "x", inputs=drain["inputs"]), "delete", "drain") is None


def test_the_project_is_the_one_that_the_folder_says(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")

    assert project(tmp_path) == "shop"
    with pytest.raises(TeardownError, match=r"no Pulumi\.yaml"):
        project(tmp_path / "elsewhere")


def test_without_pulumi_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(TeardownError, match="pulumi is not on PATH"):
        Pulumi(tmp_path).stacks()


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
def test_the_real_pulumi_takes_a_rescued_state_back(pulumi: Callable[..., Pulumi]) -> None:
    backend = pulumi("dev")
    new = backend.export("dev")
    assert new is not None
    one = nodepool("the-nodepool", "the-pool")
    one["outputs"]["clusterId"] = "the-cluster"
    whole = exported(mark(OURS), cluster("the-cluster"), one, *release("the-cluster", "the-pool"))
    whole["deployment"]["manifest"] = new["deployment"]["manifest"]
    backend.restore("dev", whole)
    state = backend.export("dev")
    assert state is not None

    backend.restore("dev", without(state, hopeless(state, gone={"the-cluster"})))

    left = backend.export("dev")
    assert left is not None
    assert urn(COMMAND, "mark") in {found["urn"] for found in resources(left)}
    assert not hopeless(left, gone={"the-cluster"})


@pytest.mark.engine
def test_the_real_pulumi_refuses_a_state_with_a_reference_to_nothing(pulumi: Callable[..., Pulumi]) -> None:
    backend = pulumi("dev")
    whole = exported(nodepool("the-nodepool", "the-pool"))

    with pytest.raises(TeardownError, match="pulumi stack import"):
        backend.restore("dev", whole)
