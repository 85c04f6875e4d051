"""The parts together, asked by unmodified clients as `sandbox env` points them."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exoscale.api.v2 import Client

from sandbox.client import connect
from sandbox.clock import FAST
from sandbox.cloud import Rules
from sandbox.faults import Fault
from sandbox.sandbox import Sandbox

ZONE = "ch-gva-2"
Kubectl = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def in_shell(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `eval "$(sandbox env)"`."""
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def real_names(in_shell: None) -> Iterator[Callable[[str], Client]]:
    """The official client of a zone, as a user makes it: it knows the real host name only."""
    made = []

    def make(zone: str) -> Client:
        made.append(Client(os.environ["EXOSCALE_API_KEY"], os.environ["EXOSCALE_API_SECRET"], zone=zone))
        return made[-1]

    yield make
    for client in made:
        client.http_client.close()


def test_through_the_proxy_zones_have_their_real_endpoints(real_names: Callable[[str], Client]) -> None:
    zones = real_names(ZONE).list_zones()["zones"]
    assert {zone["name"]: zone["api-endpoint"] for zone in zones}["de-fra-1"] == "https://api-de-fra-1.exoscale.com/v2"


def test_over_loopback_zones_have_endpoints_on_loopback(sandbox: Sandbox) -> None:
    client = connect(sandbox.url, sandbox.key, sandbox.secret, ZONE)
    endpoints = {zone["name"]: zone["api-endpoint"] for zone in client.list_zones()["zones"]}
    client.http_client.close()
    assert endpoints["de-fra-1"] == f"{sandbox.url}/zone/de-fra-1/v2"


def test_a_signature_for_a_real_name_is_good_and_a_wrong_one_is_refused(
    real_names: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert real_names("at-vie-1").list_anti_affinity_groups()["anti-affinity-groups"] == []
    monkeypatch.setenv("EXOSCALE_API_SECRET", "wrong")
    with pytest.raises(Exception, match="403"):
        real_names("at-vie-1").list_anti_affinity_groups()


def test_a_global_object_made_over_loopback_is_seen_at_every_real_name(
    sandbox: Sandbox, real_names: Callable[[str], Client]
) -> None:
    client = connect(sandbox.url, sandbox.key, sandbox.secret, ZONE, poll_seconds=0.02)
    id_ = client.wait(client.create_anti_affinity_group(name="everywhere")["id"])["reference"]["id"]
    assert real_names("de-muc-1").get_anti_affinity_group(id=id_)["name"] == "everywhere"
    client.wait(client.delete_anti_affinity_group(id=id_)["id"])
    client.http_client.close()


def test_a_lost_reply_looks_the_same_through_the_proxy(sandbox: Sandbox, real_names: Callable[[str], Client]) -> None:
    sandbox.cloud.faults.arm(Fault("create-anti-affinity-group", "lose-reply"))
    with pytest.raises(Exception, match=r"closed|aborted|EOF"):
        real_names(ZONE).create_anti_affinity_group(name="lost")
    (made,) = sandbox.cloud.store.list("anti-affinity-group")
    assert made["name"] == "lost"
    sandbox.cloud.store.delete("anti-affinity-group", made["id"])


def test_the_assumed_rules_reach_the_cloud(tmp_path: Path) -> None:
    with Sandbox(tmp_path, rules=Rules(load_balancer_names_unique=False)) as lenient:
        assert not lenient.cloud.rules.load_balancer_names_unique
        assert lenient.cloud.clock.pace == FAST


def test_a_stopped_sandbox_can_be_started_again_in_the_same_process(tmp_path: Path) -> None:
    one = Sandbox(tmp_path)
    with one:
        before = one.environment()
    one.stop()  # idempotent
    with Sandbox(tmp_path) as again:
        assert again.environment() == before


def test_taken_ports_are_replaced_and_kept_from_then_on_while_there_is_no_cluster(tmp_path: Path) -> None:
    def notes(name: str) -> list[str]:
        return [(tmp_path / name / file).read_text() for file in ("ports.json", "proxy.json")]

    with Sandbox(tmp_path / "one") as one:
        (tmp_path / "two").mkdir()
        for file in ("ports.json", "proxy.json"):
            shutil.copy(tmp_path / "one" / file, tmp_path / "two")
        with Sandbox(tmp_path / "two") as two:
            assert {one.url, one.proxy_url}.isdisjoint({two.url, two.proxy_url})
        kept = notes("two")
        assert not {*kept} & {*notes("one")}
        with Sandbox(tmp_path / "two"):
            assert notes("two") == kept
