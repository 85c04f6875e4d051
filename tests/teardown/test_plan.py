"""What a destroy would take out of a stack's cluster, before anybody runs one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from components.cli import main
from components.teardown import drain, plan
from components.teardown.subject import Subject
from tests.teardown.deployment import FakeBackend, cluster, exported, in_the_cluster, stack_id
from tests.teardown.paper import ACME, NEIGHBOUR, OURS, UID, ZONE, PaperAccount
from tests.teardown.paper_api_server import PaperApiServer


@pytest.fixture
def command(account: PaperAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`./exoscale-sks plan …` in a project's folder, of a cluster with a Service, an NLB and a volume."""
    id_ = account.cluster()
    pool = account.nodepool(id_)[1]
    account.balancer(pool)
    account.volume(account.instance(pool), name="my-data")
    account.balancer(account.pool(NEIGHBOUR))
    account.changes.clear()
    server = PaperApiServer()
    server.service(UID)
    state = exported(stack_id(), cluster(id_), *in_the_cluster(id_, pool, "delete"))
    asked: list[Subject] = []
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "Pulumi", lambda folder: FakeBackend(dev=state))
    monkeypatch.setattr(Subject, "accounts", lambda self: asked.append(self) or {ZONE: account})
    monkeypatch.setattr(drain, "reach", lambda *_: server)

    def run(*arguments: str) -> Result:
        done = CliRunner().invoke(main, ["plan", *arguments])
        assert {one.home for one in asked} <= {ACME}, "the organisation is compared"
        return done

    return run


def test_a_plan_says_what_would_go_and_what_would_stay_once_per_cluster_and_changes_nothing(
    account: PaperAccount, command: Callable[..., Result]
) -> None:
    done = command("acme/exoscale-sks/dev")

    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[:2] == ["would delete Service shop/web", "would delete NLB nlb-3 (nlb)"]
    assert lines[2].startswith(f"leaving volume volume-5 (my-data): {OURS}: attached to instance")
    assert lines[3].startswith("nothing was changed (Exoscale asked on")
    assert "organisation acme" in lines[3]
    assert account.changes == []


def test_a_stack_without_a_cluster_has_no_plan(command: Callable[..., Result]) -> None:
    done = command("nobody")

    assert done.exit_code == 1
    assert "the state of nobody holds no cluster that would be drained; is it up?" in done.output
