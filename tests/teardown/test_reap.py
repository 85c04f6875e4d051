"""`./exoscale-sks reap`: expired stacks are destroyed one after the other, and nothing else is."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from components.cli import main
from components.teardown import reap
from components.teardown.cloud.account import Document
from components.teardown.cloud.report import Asked
from components.teardown.cloud.stack_ref import StackRef
from components.teardown.errors import TeardownError
from components.teardown.expiry import Expiry, expiries
from components.teardown.project_audit import of_project
from components.teardown.reap import Due, due, reap_one
from components.teardown.stacks import rows
from tests.teardown.deployment import FakeBackend, cluster, exported, stack_id
from tests.teardown.paper import ACME, NEIGHBOUR, OURS, ZONE, PaperAccount

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Run = Callable[..., Result]


class Backend(FakeBackend):
    """One whose destroys empty the account, except for what `kept` says."""

    def __init__(self, account: PaperAccount, states: Mapping[str, Document], ups: Mapping[str, datetime]) -> None:
        super().__init__(**states)
        self.ups = dict(ups)
        self.account, self.refused, self.kept = account, "", ""

    def destroy(self, stack: str) -> None:
        if stack == self.refused:
            raise TeardownError(f"`pulumi destroy --stack {stack}` ended with status 255")
        super().destroy(stack)
        for kind, documents in self.account.held.items():
            if kind != self.kept:
                documents[:] = [one for one in documents if one.get("labels", {}).get("stack") != stack]


def living(account: PaperAccount, ref: StackRef = OURS, ttl: str = "12h") -> Document:
    """The state of a stack that has a cluster and an NLB."""
    labels = {**ref.labels("alice"), **({"ttl": ttl} if ttl else {})}
    made = account.cluster(ref, labels=labels)
    account.balancer(owner=ref)
    return exported(stack_id(ref), cluster(made, ttl=ttl), saved="2026-11-23T00:00:00Z")


def two(account: PaperAccount) -> Backend:
    """Two stacks that expired, `dev-2` first, in a backend."""
    states = {"dev": living(account), "dev-2": living(account, NEIGHBOUR, "1d")}
    return Backend(account, states, {"dev": NOW - timedelta(hours=13), "dev-2": NOW - timedelta(days=2)})


def expired(account: PaperAccount, backend: Backend, now: datetime = NOW) -> list[str]:
    return [one.stack.stack for one in due(of_project({ZONE: account}, OURS.project, backend), backend, now)]


@pytest.fixture
def run(account: PaperAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`./exoscale-sks reap …` in a project's folder, at noon, with this backend."""
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reap, "accounts", lambda: {ZONE: account})
    monkeypatch.setattr(Asked, "now", lambda zones, home: Asked("Exoscale", (ZONE,), home, NOW))

    def called(*arguments: str, backend: Backend, answer: str = "") -> Result:
        monkeypatch.setattr(reap, "Pulumi", lambda folder: backend)
        return CliRunner().invoke(main, ["reap", *arguments], input=answer)

    return called


@pytest.mark.parametrize(("hours", "names"), [(11, []), (12, ["dev"]), (13, ["dev"])])
def test_a_stack_expires_so_long_after_its_last_up_as_its_ttl_says(
    account: PaperAccount, hours: int, names: list[str]
) -> None:
    backend = Backend(account, {"dev": living(account)}, {"dev": NOW - timedelta(hours=hours)})

    assert expired(account, backend) == names


def test_each_up_extends_it_and_a_stack_without_a_ttl_lives_for_ever(account: PaperAccount) -> None:
    backend = Backend(account, {"dev": living(account)}, {"dev": NOW - timedelta(hours=13)})
    assert expired(account, backend) == ["dev"]

    backend.ups["dev"] = NOW
    assert expired(account, backend) == []
    backend.states["dev"] = living(account, ttl="")
    assert expired(account, backend, NOW + timedelta(days=365)) == []


def test_a_label_that_somebody_wrote_and_no_setting_allows_is_no_ttl(account: PaperAccount) -> None:
    backend = Backend(account, {"dev": living(account, ttl="soon")}, {"dev": NOW - timedelta(days=365)})

    assert expired(account, backend) == []


def test_an_up_that_was_killed_before_it_was_history_counts_from_its_state(account: PaperAccount) -> None:
    backend = Backend(account, {"dev": living(account)}, {})

    assert expired(account, backend, datetime(2026, 11, 23, 11, tzinfo=UTC)) == []
    assert expired(account, backend, datetime(2026, 11, 23, 12, tzinfo=UTC)) == ["dev"]


def test_a_dry_run_names_the_expired_stacks_and_destroys_none(account: PaperAccount, run: Run) -> None:
    backend = two(account)

    done = run("--dry-run", backend=backend)

    first, second, last = done.output.splitlines()
    assert (done.exit_code, backend.destroyed) == (0, [])
    assert first == (
        "dev-2: expired on 2026-11-23 12:00 UTC (ttl 1d, last up 2026-11-22 12:00 UTC), 25.35 CHF per month"
    )
    assert second.startswith("dev: expired on 2026-11-24 11:00 UTC (ttl 12h, ")
    assert last.startswith("2 expired (Exoscale asked on ")


def test_the_expired_stacks_are_destroyed_one_after_the_other_each_with_its_receipt(
    account: PaperAccount, run: Run
) -> None:
    backend = two(account)
    backend.states["dev-3"] = living(account, StackRef(OURS.project, "dev-3", "dddddddddddd"))
    backend.ups["dev-3"] = NOW

    done = run("--yes", backend=backend)

    assert (done.exit_code, backend.destroyed) == (0, ["dev-2", "dev"]), done.output
    receipts = [line for line in done.output.splitlines() if line.startswith("receipt: ")]
    assert [line.partition(" (")[0] for line in receipts] == [
        "receipt: nothing that costs money is left of stack exoscale-sks/dev-2",
        "receipt: nothing that costs money is left of stack exoscale-sks/dev",
    ]
    assert account.held["sks-clusters"][0]["labels"]["stack"] == "dev-3"


def test_without_yes_it_asks_first(account: PaperAccount, run: Run) -> None:
    backend = two(account)

    assert "Destroy 2, one by one?" in run(backend=backend, answer="n\n").output
    assert backend.destroyed == []


def test_a_destroy_that_fails_or_leaves_something_is_told_and_the_others_go_on(account: PaperAccount, run: Run) -> None:
    backend = two(account)
    backend.refused = "dev-2"
    failed = run("--yes", backend=backend)

    assert (failed.exit_code, backend.destroyed) == (1, ["dev"])
    assert "dev-2 stays: `pulumi destroy --stack dev-2` ended with status 255" in failed.stderr
    assert "error: 1 of 2 expired stacks stay: dev-2" in failed.stderr

    backend.refused, backend.kept = "", "load-balancers"
    left = run("--yes", backend=backend)
    assert left.exit_code == 1
    assert "dev-2 stays: receipt: 1 thing that costs 25.35 CHF per month is left of stack" in left.stderr


@pytest.mark.parametrize(
    ("working", "pending", "refusal"),
    [("jane@tower (pid 4711)", [], "is locked by jane@tower"), ("", [{"resource": {"urn": "urn:x"}}], "did not end")],
)
def test_a_stack_that_somebody_works_on_stays(
    account: PaperAccount, run: Run, working: str, pending: list[Document], refusal: str
) -> None:
    backend = Backend(account, {"dev": living(account)}, {"dev": NOW - timedelta(days=1)})
    backend.working = working
    backend.states["dev"]["deployment"]["pending_operations"] = pending

    done = run("--yes", backend=backend)

    assert (done.exit_code, backend.destroyed) == (1, [])
    assert refusal in done.stderr


def test_a_stack_that_was_brought_up_since_it_was_looked_at_stays(account: PaperAccount) -> None:
    backend = Backend(account, {"dev": living(account)}, {"dev": NOW})
    one = Due(OURS, Expiry("12h", NOW - timedelta(days=1)), "")

    said = reap_one({ZONE: account}, backend, one, ACME, NOW, print)

    assert said == "stack dev was brought up again, and stays"
    assert backend.destroyed == []


def test_a_stack_whose_state_is_elsewhere_is_named_and_stays(account: PaperAccount, run: Run) -> None:
    living(account)
    backend = Backend(account, {}, {})

    done = run("--yes", backend=backend)

    assert (
        "exoscale-sks/dev (stack-id aaaaaaaaaaaa) has ttl 12h and stays: no such stack in this backend" in done.output
    )
    assert backend.destroyed == []


def test_the_table_of_stacks_says_when_each_expires_and_calls_an_expired_one_wrong(account: PaperAccount) -> None:
    backend = two(account)
    backend.ups["dev"] = NOW - timedelta(hours=2)
    audit = of_project({ZONE: account}, OURS.project, backend)

    mine, theirs = rows(audit, [ZONE], NOW, expiries(audit, backend))

    assert (mine.cells("dev", NOW)[4], theirs.cells("dev-2", NOW)[4]) == ("in 10 h", "1 d ago")
    assert "expired: `reap` destroys it" in theirs.wrong
    assert not any("expired" in remark for remark in mine.wrong)
