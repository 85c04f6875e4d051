"""The rescue: a stack whose control plane is gone can be destroyed again, and nothing it held in the cloud is lost."""

import json
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from teardown.account import Document
from teardown.cli import main
from teardown.errors import TeardownError
from teardown.rescue import Rescue
from teardown.state import BALANCER, CLUSTER, COMMAND, KUBECONFIG, NODEPOOL, resources
from teardown.survey import Accounts
from tests.teardown.deployment import (
    RELEASE,
    SERVICE,
    FakeBackend,
    cluster,
    exported,
    mark,
    nodepool,
    release,
    resource,
    urn,
)
from tests.teardown.world import NEIGHBOUR, OURS, UID, World

IN_THE_CLUSTER = {urn(RELEASE, "ingress"), urn(SERVICE, "ingress"), urn(COMMAND, "drain"), urn(COMMAND, "gate")}
THE_CLUSTERS = {urn(CLUSTER, "cluster"), urn(NODEPOOL, "default"), urn(KUBECONFIG, "access")}


class Wreck:
    """A stack of ours that is up, and its state."""

    def __init__(self, world: World, policy: str = "refuse") -> None:
        self.world = world
        self.cluster = world.cluster(OURS)
        world.announce(self.cluster, f"https://127.0.0.1:{closed_port()}")
        self.nodepool = world.nodepool(self.cluster, OURS)
        self.pool = world.pool(self.cluster, self.nodepool)
        self.instances = world.instances(self.pool)
        self.managed = world.balancer(OURS, self.pool, name="exoscale-sks-dev-ingress")
        of_it = {"clusterId": self.cluster}
        rest = release(self.cluster, self.pool, policy)
        self.state = exported(
            mark(OURS),
            cluster(self.cluster),
            with_outputs(nodepool(self.nodepool, self.pool), of_it),
            *(with_outputs(one, of_it) if one["type"] == KUBECONFIG else one for one in rest),
            resource(BALANCER, "ingress", self.managed, after=[urn(NODEPOOL, "default")]),
        )
        self.backend = FakeBackend(dev=self.state)

    def delete_in_the_console(self) -> None:
        """As somebody may who tidies up by hand, NLBs aside."""
        self.world.cloud.rules.nodepool_locked_by_load_balancer = False
        self.world.make("delete_sks_nodepool", id=self.cluster, sks_nodepool_id=self.nodepool)
        self.world.make("delete_sks_cluster", id=self.cluster)

    def urns(self) -> set[str]:
        state = self.backend.export("dev")
        assert state is not None
        return {one["urn"] for one in resources(state)}


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def with_outputs(one: Document, more: Document) -> Document:
    return {**one, "outputs": {**one.get("outputs", {}), **more}}


@pytest.fixture
def wreck(world: World) -> Wreck:
    return Wreck(world)


@pytest.fixture
def rescue(
    everywhere: Accounts, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Rescues a wreck."""
    monkeypatch.setattr("teardown.pulse._PAUSE_SECONDS", 0.01)

    def run(wreck: Wreck, policy: str | None = None, dry_run: bool = False) -> None:
        state: Any = wreck.backend.export("dev")
        Rescue(wreck.backend, state, everywhere, OURS, policy, tmp_path, said.append).run(0.05, dry_run)

    return run


def test_a_cluster_deleted_by_hand_leaves_a_state_that_can_be_destroyed(
    wreck: Wreck, rescue: Callable[..., None], said: list[str]
) -> None:
    before = wreck.urns()
    wreck.delete_in_the_console()

    rescue(wreck)

    assert before - wreck.urns() == IN_THE_CLUSTER | THE_CLUSTERS
    assert said[-1] == "rescued. Next: `pulumi destroy --stack dev`"


def test_a_silent_control_plane_leaves_the_cluster_to_the_destroy(wreck: Wreck, rescue: Callable[..., None]) -> None:
    before, held = wreck.urns(), wreck.world.held()

    rescue(wreck)

    assert before - wreck.urns() == IN_THE_CLUSTER
    assert wreck.world.held() == held, "Pulumi deletes what it still knows"


def test_a_control_plane_that_answers_is_not_rescued(
    wreck: Wreck, rescue: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = wreck.backend.export("dev")
    monkeypatch.setattr("teardown.pulse._answers", lambda endpoint: True)

    with pytest.raises(TeardownError, match=f"control plane of cluster {wreck.cluster} answers"):
        rescue(wreck)

    assert wreck.backend.export("dev") == before
    assert list(tmp_path.iterdir()) == []


def test_nlbs_that_the_dead_controller_made_go_and_everybody_elses_stay(
    wreck: Wreck, rescue: Callable[..., None]
) -> None:
    world = wreck.world
    world.balancer(None, wreck.pool, name=f"k8s-{UID}")
    world.balancer(OURS, name=f"k8s-{UID}")
    theirs, nobodys = world.balancer(NEIGHBOUR), world.balancer(None, name=f"k8s-{UID}")

    rescue(wreck)

    assert world.held()["load-balancer"] == {wreck.managed, theirs, nobodys}


def test_volumes_stop_the_rescue_unless_somebody_said_what_becomes_of_them(
    wreck: Wreck, rescue: Callable[..., None], tmp_path: Path
) -> None:
    volume = wreck.world.volume({}, wreck.instances[0])
    before = wreck.backend.export("dev")

    with pytest.raises(TeardownError, match=f"{volume}.*STORAGE_ON_DESTROY=delete python -m teardown rescue dev"):
        rescue(wreck)

    assert wreck.backend.export("dev") == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("policy", "mark_of_it"), [("delete", {}), ("keep", {"on-destroy": "keep"})])
def test_volumes_are_labelled_for_the_sweep_that_ends_the_destroy(
    world: World, rescue: Callable[..., None], policy: str, mark_of_it: dict[str, str]
) -> None:
    wreck = Wreck(world, policy)
    volume = world.volume({}, wreck.instances[0])
    snapshot = world.snapshot(volume)

    rescue(wreck)

    assert world.client().get_block_storage_volume(id=volume)["labels"] == OURS.labels | mark_of_it
    assert world.client().get_block_storage_snapshot(id=snapshot)["labels"] == OURS.labels | mark_of_it


def test_volumes_that_nothing_proves_are_named(wreck: Wreck, rescue: Callable[..., None], said: list[str]) -> None:
    """A volume that no machine has, and that no drain saw: only the dead control plane knew whose it was."""
    volume = wreck.world.volume({})

    rescue(wreck)

    assert [line for line in said if line.startswith(f"nothing proves whose: volume {volume}")]
    assert wreck.world.held()["block-storage"] == {volume}


def test_the_policy_of_the_day_overrides_the_recorded_one(wreck: Wreck, rescue: Callable[..., None]) -> None:
    volume = wreck.world.volume({}, wreck.instances[0])

    rescue(wreck, policy="keep")

    assert wreck.world.client().get_block_storage_volume(id=volume)["labels"]["on-destroy"] == "keep"


def test_volumes_that_a_drain_labelled_before_it_died_are_settled(wreck: Wreck, rescue: Callable[..., None]) -> None:
    labels = {**OURS.labels, "on-destroy": "keep"}
    volume = wreck.world.volume(labels, wreck.instances[0])

    rescue(wreck)

    assert wreck.world.client().get_block_storage_volume(id=volume)["labels"] == labels


def test_the_state_is_kept_in_a_private_file_before_anything_is_changed(
    wreck: Wreck, rescue: Callable[..., None], said: list[str], tmp_path: Path
) -> None:
    before = wreck.backend.export("dev")
    wreck.world.balancer(None, wreck.pool)

    rescue(wreck)

    (file,) = tmp_path.iterdir()
    assert file.name.startswith("rescue-dev-")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == before
    kept = said.index(f"the state as it was is kept in {file}")
    assert kept < min(said.index(line) for line in said if line.startswith(("deleting", "dropped")))


def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    wreck: Wreck, rescue: Callable[..., None], said: list[str], tmp_path: Path
) -> None:
    balancer = wreck.world.balancer(None, wreck.pool)
    before, held = wreck.backend.export("dev"), wreck.world.held()

    rescue(wreck, dry_run=True)

    assert wreck.backend.export("dev") == before
    assert wreck.world.held() == held
    assert list(tmp_path.iterdir()) == []
    assert f"would delete NLB {balancer} (nlb)" in said
    assert {line.split()[2] for line in said if line.startswith("would drop")} == IN_THE_CLUSTER


def test_a_second_rescue_has_nothing_to_do(wreck: Wreck, rescue: Callable[..., None], said: list[str]) -> None:
    rescue(wreck)
    before = wreck.backend.export("dev")

    rescue(wreck)

    assert wreck.backend.export("dev") == before
    assert said[-1] == "dev holds nothing that needs a control plane. Next: `pulumi destroy --stack dev`"


def test_a_rescue_that_was_killed_after_it_cleared_the_cloud_goes_on(
    wreck: Wreck, rescue: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    wreck.world.balancer(None, wreck.pool)

    def killed(stack: str, exported: Document) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(wreck.backend, "restore", killed)
        with pytest.raises(KeyboardInterrupt):
            rescue(wreck)
    rescue(wreck)

    assert not IN_THE_CLUSTER & wreck.urns()
    assert wreck.world.held()["load-balancer"] == {wreck.managed}


def test_protection_is_for_its_owner_to_lift(wreck: Wreck, rescue: Callable[..., None]) -> None:
    for one in resources(wreck.state):
        one["protect"] = one["type"] == RELEASE
    before = wreck.backend.export("dev")

    with pytest.raises(TeardownError, match="pulumi state unprotect"):
        rescue(wreck)

    assert wreck.backend.export("dev") == before


def test_a_cluster_that_only_the_drain_remembers_is_asked_about(wreck: Wreck, rescue: Callable[..., None]) -> None:
    """As after a refresh that found the cluster gone, and dropped it."""
    deployment = wreck.state["deployment"]
    deployment["resources"] = [one for one in resources(wreck.state) if one["urn"] not in THE_CLUSTERS]
    wreck.delete_in_the_console()

    rescue(wreck)

    assert not IN_THE_CLUSTER & wreck.urns()


def test_machines_that_outlived_their_cluster_keep_the_state_from_forgetting_them(
    wreck: Wreck, rescue: Callable[..., None]
) -> None:
    """Should Exoscale ever delete a cluster without them. The sandbox lets nobody delete a nodepool's pool."""
    cloud = wreck.world.cloud
    with cloud.lock:
        cloud.store.delete("sks-cluster", wreck.cluster)
        cloud.store.delete("sks-nodepool", wreck.nodepool)

    with pytest.raises(TeardownError, match=f"{wreck.pool}.*forbidden"):
        rescue(wreck)

    assert wreck.urns() >= THE_CLUSTERS


@pytest.fixture
def command(wreck: Wreck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`python -m teardown rescue …` in a project's folder."""
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("teardown.rescue.Pulumi", lambda folder: wreck.backend)
    return lambda *arguments: CliRunner().invoke(main, ["rescue", *arguments])


def test_the_command_rescues(wreck: Wreck, command: Callable[..., Result]) -> None:
    wreck.delete_in_the_console()

    done = command("dev")

    assert done.exit_code == 0, done.output
    assert f"the control plane of cluster {wreck.cluster} is gone: Exoscale does not know it" in done.output
    assert not IN_THE_CLUSTER & wreck.urns()


def test_the_command_says_that_there_is_no_such_stack(command: Callable[..., Result]) -> None:
    done = command("nobody")

    assert done.exit_code == 1
    assert "there is no stack nobody in this backend" in done.output
