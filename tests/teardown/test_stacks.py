"""`./exoscale-sks stacks`: one line per stack, whose, how old, what it costs a day, and what is wrong with it."""

import json
import sys
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from components.cli import main
from components.teardown import stacks as command
from components.teardown.cloud.account import Document
from components.teardown.cloud.stack_ref import StackRef
from components.teardown.errors import TeardownError
from components.teardown.project_audit import of_project
from components.teardown.stacks import Row, rows
from components.teardown.state.recorded import KUBECONFIG
from tests.teardown.deployment import FakeBackend, cluster, exported, nodepool, resource, stack_id
from tests.teardown.living import Living
from tests.teardown.paper import NAMESAKE, NEIGHBOUR, OTHER_ZONE, OURS, ZONE, PaperAccount

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Run = Callable[..., Result]


class Locked(FakeBackend):
    """A backend to which the user has not logged in."""

    def stacks(self) -> set[str]:
        raise TeardownError("pulumi stack ls: no credentials")


def described(account: PaperAccount, **states: Document) -> dict[StackRef, Row]:
    """The rows of the project's stacks in this one zone, by stack."""
    found = rows(of_project({ZONE: account}, OURS.project, FakeBackend(**states)), [ZONE], NOW)
    return {row.stack: row for row in found}


def wrong(account: PaperAccount, **states: Document) -> tuple[str, ...]:
    return described(account, **states)[OURS].wrong


def kubeconfig(created: str, seconds: int) -> Document:
    return resource(KUBECONFIG, "access", "1:2", created=created, outputs={"ttlSeconds": seconds})


@pytest.fixture
def run(account: PaperAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`./exoscale-sks stacks …` in a project's folder, with this backend."""
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\n")
    monkeypatch.chdir(tmp_path)
    zones = {ZONE: account, OTHER_ZONE: PaperAccount(OTHER_ZONE)}

    def asked(stack: str | None, chosen: Collection[str]) -> dict[str, PaperAccount]:
        return {zone: zones[zone] for zone in chosen or zones}

    def called(*arguments: str, backend: FakeBackend) -> Result:
        monkeypatch.setattr(command, "Pulumi", lambda folder: backend)
        return CliRunner().invoke(main, ["stacks", *arguments])

    monkeypatch.setattr(command, "accounts", asked)
    return called


def test_a_living_stack_has_its_owner_zone_age_last_update_nodes_and_cost_of_a_day(account: PaperAccount) -> None:
    row = described(account, dev=Living(account).state)[OURS]

    assert (row.owner, row.zones, row.nodes, row.wrong) == ("alice", (ZONE,), 2, ())
    assert row.created == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert row.updated == datetime(2026, 11, 23, tzinfo=UTC)
    # 63.50 CHF a month: what a month of 730 hours costs, by day
    assert (f"{row.per_day:.2f}", row.unpriced) == ("2.09", False)


def test_an_nlb_outside_the_state_of_a_living_stack_is_wrong_and_one_of_a_users_service_is_not(
    account: PaperAccount,
) -> None:
    living = Living(account)
    account.balancer(living.pool, name="k8s-a-service")
    assert wrong(account, dev=living.state) == ()

    account.balancer(owner=OURS)
    (remark,) = wrong(account, dev=living.state)

    assert remark == "outside its state and its cluster: 1 NLB, 25.35 CHF per month"


def test_a_stack_without_a_state_in_this_backend_is_wrong(account: PaperAccount) -> None:
    account.balancer(owner=NEIGHBOUR)
    account.balancer(owner=NAMESAKE)

    found = described(account, dev=exported(stack_id()))

    assert [row.wrong[0].partition(":")[0] for row in (found[NAMESAKE], found[NEIGHBOUR])] == [
        "the stack of this name in this backend does not know it",
        "no such stack in this backend",
    ]
    assert found[NEIGHBOUR].updated is None


def test_a_cluster_that_somebody_deleted_is_wrong_but_not_one_of_a_zone_that_was_not_asked(
    account: PaperAccount,
) -> None:
    account.security_group(OURS)

    assert wrong(account, dev=exported(stack_id(), cluster("gone"))) == ("cluster gone of its state is gone",)
    assert wrong(account, dev=exported(stack_id(), cluster("there", OTHER_ZONE))) == ()


def test_an_interrupted_up_is_wrong(account: PaperAccount) -> None:
    account.balancer(owner=OURS)
    pending = [{"resource": {"urn": "urn:x"}, "type": "creating"}]

    assert "interrupted: 1 operations of its state did not end" in wrong(
        account, dev=exported(stack_id(), pending=pending)
    )


@pytest.mark.parametrize(("seconds", "remarks"), [(86400, ("its kubeconfig expired on 2026-11-22",)), (30 * 86400, ())])
def test_a_kubeconfig_that_expired_is_wrong(account: PaperAccount, seconds: int, remarks: tuple[str, ...]) -> None:
    account.security_group(OURS)

    state = exported(stack_id(), kubeconfig("2026-11-21T07:00:00Z", seconds))

    assert wrong(account, dev=state) == remarks


def test_what_has_no_price_makes_a_day_cost_more_than_the_rest(account: PaperAccount) -> None:
    account.cluster(level="pro")

    assert described(account)[OURS].unpriced


def test_without_labels_the_owner_is_that_of_the_state(account: PaperAccount) -> None:
    account.security_group(OURS)

    assert described(account, dev=exported(stack_id()))[OURS].owner == "alice"
    assert described(account)[OURS].owner == "nobody"


def test_the_command_prints_a_line_per_stack_and_last_the_sum_and_who_was_asked(
    account: PaperAccount, run: Run
) -> None:
    living = Living(account)
    account.balancer(owner=NEIGHBOUR, labels=NEIGHBOUR.labels("bob"))

    done = run(backend=FakeBackend(dev=living.state))

    head, ours, theirs, owners, last = done.output.splitlines()
    assert done.exit_code == 0, done.output
    assert head.split() == ["stack", "owner", "zone", "age", "expires", "updated", "nodes", "CHF/day", "wrong"]
    assert (ours.split()[:3], ours.split()[-2:]) == (["dev", "alice", ZONE], ["2", "2.09"])
    assert theirs.startswith("dev-2  bob")
    assert theirs.endswith("no such stack in this backend: outlived it, or is somebody else's")
    assert owners == "by owner: alice 63.50 CHF per month, bob 25.35 CHF per month"
    assert last.startswith("2 stacks of exoscale-sks: ")
    assert "88.84 CHF per month (Exoscale asked on " in last


def test_the_command_prints_json_for_programs(account: PaperAccount, run: Run) -> None:
    living = Living(account)

    found = json.loads(run("--json", backend=FakeBackend(dev=living.state)).stdout)

    (stack,) = found["stacks"]
    assert stack == {
        "stack": "dev",
        "stack-id": OURS.id,
        "owner": "alice",
        "zones": [ZONE],
        "created": "2026-11-21T07:00:00+00:00",
        "expires": None,
        "updated": "2026-11-23T00:00:00+00:00",
        "nodes": 2,
        "chf-per-day": "2.09",
        "unpriced": False,
        "wrong": [],
    }
    assert (found["backend"], found["by-owner"]) == (None, {"alice": "63.50 CHF per month"})


def test_two_stacks_of_one_name_are_told_apart_by_their_ids(account: PaperAccount, run: Run) -> None:
    account.balancer(owner=OURS)
    account.balancer(owner=NAMESAKE)

    printed = run(backend=FakeBackend()).output

    assert f"dev ({OURS.id})" in printed
    assert f"dev ({NAMESAKE.id})" in printed


def test_without_a_backend_the_account_is_shown_and_nothing_is_called_wrong(account: PaperAccount, run: Run) -> None:
    account.balancer(owner=OURS)

    done = run(backend=Locked())

    assert done.exit_code == 0
    assert "so what is wrong is not known: pulumi stack ls: no credentials" in done.stderr
    assert "no such stack" not in done.output
    assert "alice" in done.output


def test_an_account_without_stacks_is_one_line(run: Run) -> None:
    (line,) = run(backend=FakeBackend()).output.splitlines()

    assert line.startswith("0 stacks of exoscale-sks: 0 things that cost 0.00 CHF per month (Exoscale asked on ")


def test_the_work_grows_with_the_number_of_stacks_and_not_with_its_square() -> None:
    few, many = (_operations(number) for number in (8, 32))

    assert many < 4.2 * few


def _operations(number: int) -> int:
    """Operations of Python's interpreter that it takes to describe so many stacks, which is the same at every run."""
    account, states = PaperAccount(), {}
    for index in range(number):
        ref = StackRef(OURS.project, f"pr{index}", f"{index:012}")
        cluster_id = account.cluster(ref)
        group = account.security_group(ref)
        made, pool = account.nodepool(cluster_id, ref, **{"security-groups": [{"id": group}]})
        volume = account.volume(account.instance(pool))
        account.snapshot(volume)
        account.balancer(pool)
        states[ref.stack] = exported(stack_id(ref), cluster(cluster_id), nodepool(made, pool, cluster_id))
    account.machine(OURS)
    count = 0

    def traced(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return traced

    backend, before = FakeBackend(**states), sys.gettrace()
    sys.settrace(traced)
    try:
        described = rows(of_project({ZONE: account}, OURS.project, backend), [ZONE], NOW)
    finally:
        sys.settrace(before)
    assert len(described) == number + 1
    return count
