"""The rescue: a stack whose control plane is gone can be destroyed again, and nothing it held in the cloud is lost."""

import json
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.teardown import rescue as module
from components.teardown.cloud.account import Document
from components.teardown.cloud.labels import KEEP
from components.teardown.cluster.liveness import Pulse
from components.teardown.errors import TeardownError
from components.teardown.rescue import Rescue
from components.teardown.state.recorded import resources
from tests.teardown.deployment import (
    RELEASE,
    exported,
    resource,
)
from tests.teardown.paper import K8S, NEIGHBOUR, OURS, OWNER, SUBJECT, ZONE, PaperAccount
from tests.teardown.wreck import IN_THE_CLUSTER, THE_CLUSTERS, Wreck, silence


@pytest.fixture(autouse=True)
def nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "prove_gone", silence)


@pytest.fixture
def wreck(account: PaperAccount) -> Wreck:
    return Wreck(account)


class Rescuing:
    """Rescues a wreck; `asked` is which clusters it asked about."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder, self.say = folder, say
        self.asked: list[list[str]] = []

    def __call__(self, wreck: Wreck, policy: str | None = None, agree: bool = True, dry_run: bool = False) -> None:
        def agreed(given_up: Sequence[str]) -> bool:
            self.asked.append([*given_up])
            return agree

        state: Any = wreck.backend.export("dev")
        zones: Any = {ZONE: wreck.account}
        Rescue(wreck.backend, state, zones, SUBJECT, policy, self.folder, self.say).run(0, agreed, dry_run)


@pytest.fixture
def rescue(tmp_path: Path, said: list[str]) -> Rescuing:
    return Rescuing(tmp_path, said.append)


def untouched(wreck: Wreck, before: Document, rescue: Rescuing) -> bool:
    """Whether neither the state nor the cloud was changed."""
    return wreck.state == before and not wreck.account.changes and not [*rescue.folder.glob("rescue-*")]


def test_a_cluster_deleted_by_hand_leaves_a_state_that_can_be_destroyed(
    wreck: Wreck, rescue: Rescuing, said: list[str]
) -> None:
    before = wreck.urns()
    wreck.delete_in_the_console()

    rescue(wreck)

    assert before - wreck.urns() == IN_THE_CLUSTER | THE_CLUSTERS
    assert said[-1] == "rescued. Next: `pulumi destroy --stack dev`"
    assert rescue.asked == [[]]


def test_a_silent_control_plane_is_given_up_by_name_and_its_cluster_left_to_the_destroy(
    wreck: Wreck, rescue: Rescuing
) -> None:
    before = wreck.urns()

    rescue(wreck)

    assert rescue.asked == [["shop"]]
    assert before - wreck.urns() == IN_THE_CLUSTER
    held = wreck.account.held
    assert [len(held[kind]) for kind in ("sks-clusters", "instances", "load-balancers")] == [1, 1, 1]


def test_every_rescue_asks_and_takes_no_for_an_answer(wreck: Wreck, rescue: Rescuing, said: list[str]) -> None:
    before = wreck.backend.export("dev")
    wreck.delete_in_the_console()
    wreck.account.balancer(wreck.pool)

    rescue(wreck, agree=False)

    assert untouched(wreck, before, rescue)
    assert said[-1] == "nothing was changed"


def test_a_control_plane_that_answers_or_of_which_nobody_can_tell_is_not_rescued(
    wreck: Wreck, rescue: Rescuing, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = wreck.backend.export("dev")

    def answers(*_: object) -> Pulse:
        raise TeardownError("the control plane answers")

    monkeypatch.setattr(module, "prove_gone", answers)
    with pytest.raises(TeardownError, match="the control plane answers"):
        rescue(wreck)

    assert untouched(wreck, before, rescue)
    assert rescue.asked == []


def test_nlbs_that_the_dead_controller_made_go_and_everybody_elses_stay(wreck: Wreck, rescue: Rescuing) -> None:
    account = wreck.account
    account.balancer(wreck.pool, name=K8S)
    account.balancer(owner=OURS, name=K8S)
    stay = {account.balancer(owner=NEIGHBOUR), account.balancer(name=K8S), wreck.managed}
    shared = account.balancer(wreck.pool, account.pool(NEIGHBOUR))

    rescue(wreck)

    assert {one["id"] for one in account.held["load-balancers"]} == stay | {shared}
    assert len(account.held["load-balancers"][-1]["services"]) == 1


def test_data_stops_the_rescue_unless_somebody_said_what_becomes_of_it(wreck: Wreck, rescue: Rescuing) -> None:
    volume = wreck.account.volume(wreck.node)
    before = wreck.backend.export("dev")

    with pytest.raises(TeardownError, match=f"{volume}.*STORAGE_ON_DESTROY=delete ./exoscale-sks rescue dev"):
        rescue(wreck)

    assert untouched(wreck, before, rescue)


@pytest.mark.parametrize(
    ("recorded", "today", "labels"),
    [("delete", None, {}), ("keep", None, KEEP), ("refuse", "keep", KEEP), ("keep", "delete", {})],
)
def test_data_is_labelled_for_the_sweep_that_ends_the_destroy(
    account: PaperAccount, rescue: Rescuing, recorded: str, today: str | None, labels: dict[str, str]
) -> None:
    wreck = Wreck(account, recorded)
    volume = account.volume(wreck.node)
    snapshot = account.snapshot(volume)

    rescue(wreck, today)

    assert account.labels(volume) == account.labels(snapshot) == OURS.labels(OWNER) | labels


def test_data_that_nothing_proves_is_named_and_left(wreck: Wreck, rescue: Rescuing, said: list[str]) -> None:
    """A volume that no machine has, and that no drain saw: only the dead control plane knew whose it was."""
    volume = wreck.account.volume()

    rescue(wreck)

    assert [line for line in said if line.startswith(f"nothing proves whose: volume {volume}")]
    assert wreck.account.labels(volume) == {}


def test_data_that_a_drain_labelled_before_it_died_is_settled(wreck: Wreck, rescue: Rescuing) -> None:
    volume = wreck.account.volume(wreck.node, labels=OURS.labels(OWNER) | KEEP)

    rescue(wreck)

    assert wreck.account.labels(volume) == OURS.labels(OWNER) | KEEP


def test_the_state_is_kept_in_a_private_file_before_anything_is_changed(
    wreck: Wreck, rescue: Rescuing, said: list[str]
) -> None:
    before = wreck.backend.export("dev")
    wreck.account.balancer(wreck.pool)

    rescue(wreck)

    (file,) = rescue.folder.iterdir()
    assert file.name.startswith("rescue-dev-")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == before
    deleting = [said.index(line) for line in said if line.startswith("deleting")]
    assert said.index(f"the state as it was is kept in {file}") < min(deleting)


def test_a_dry_run_says_what_it_would_do_and_asks_nobody(wreck: Wreck, rescue: Rescuing, said: list[str]) -> None:
    balancer = wreck.account.balancer(wreck.pool)
    before = wreck.backend.export("dev")

    rescue(wreck, dry_run=True)

    assert untouched(wreck, before, rescue)
    assert rescue.asked == []
    assert any(balancer in line for line in said)
    assert {line.split()[2] for line in said if line.startswith("would drop")} == IN_THE_CLUSTER


def test_a_second_rescue_has_nothing_to_do(wreck: Wreck, rescue: Rescuing, said: list[str]) -> None:
    rescue(wreck)
    before = wreck.backend.export("dev")

    rescue(wreck)

    assert wreck.state == before
    assert said[-1] == "dev holds nothing that needs a control plane. Next: `pulumi destroy --stack dev`"


def test_a_rescue_that_was_killed_after_it_cleared_the_cloud_goes_on(
    wreck: Wreck, rescue: Rescuing, monkeypatch: pytest.MonkeyPatch
) -> None:
    wreck.account.balancer(wreck.pool)

    def killed(stack: str, exported: Document) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(wreck.backend, "restore", killed)
        with pytest.raises(KeyboardInterrupt):
            rescue(wreck)
    rescue(wreck)

    assert not IN_THE_CLUSTER & wreck.urns()
    assert [one["id"] for one in wreck.account.held["load-balancers"]] == [wreck.managed]


def test_protection_is_for_its_owner_to_lift(wreck: Wreck, rescue: Rescuing) -> None:
    for one in resources(wreck.state):
        one["protect"] = one["type"] == RELEASE
    before = wreck.backend.export("dev")

    with pytest.raises(TeardownError, match="pulumi state unprotect"):
        rescue(wreck)

    assert untouched(wreck, before, rescue)


def test_a_cluster_that_only_the_drain_remembers_is_asked_about(wreck: Wreck, rescue: Rescuing) -> None:
    """As after a refresh that found the cluster gone, and dropped it."""
    deployment = wreck.state["deployment"]
    deployment["resources"] = [one for one in resources(wreck.state) if one["urn"] not in THE_CLUSTERS]
    wreck.delete_in_the_console()

    rescue(wreck)

    assert not IN_THE_CLUSTER & wreck.urns()


def test_a_state_that_names_no_cluster_proves_nothing(wreck: Wreck, rescue: Rescuing) -> None:
    wreck.backend.states["dev"] = exported(resource(RELEASE, "ingress", "ingress/nginx"))

    with pytest.raises(TeardownError, match="names no cluster, so nothing proves that it is gone"):
        rescue(wreck)


def test_machines_that_outlived_their_cluster_go_before_the_state_forgets_them(wreck: Wreck, rescue: Rescuing) -> None:
    """Should Exoscale ever delete a cluster and leave the pools of its nodepools."""
    account = wreck.account
    account.held["sks-clusters"].clear()
    account.held["instance-pools"].append({"id": wreck.pool, "name": "nodepool-p", "size": 1})

    rescue(wreck)

    assert account.held["instance-pools"] == account.held["instances"] == []
