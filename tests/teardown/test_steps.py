"""What the steps of a destroy compare before they do anything, and what they never touch."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from components.teardown import steps
from components.teardown.cloud.account import AnotherOrganization, refuse_another
from components.teardown.cloud_drain import DrainTarget
from components.teardown.cluster import admission_policy, armed, closing
from components.teardown.cluster.api_server import Unreachable
from components.teardown.errors import TeardownError
from components.teardown.subject import Subject
from tests.teardown.paper import ACME, GLOBEX, NEIGHBOUR, OTHER_ZONE, OURS, SUBJECT, ZONE, PaperAccount, found
from tests.teardown.paper_api_server import PaperApiServer


@pytest.fixture(autouse=True)
def reached(account: PaperAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the account gets the paper one, as long as the organisation is right."""

    def connect(self: Subject, everywhere: bool = False) -> dict[str, PaperAccount]:
        if self.home.id:
            refuse_another(account, self.home, self.stack)
        return {ZONE: account}

    monkeypatch.setattr(Subject, "accounts", connect)
    monkeypatch.setattr(steps, "connect", lambda zone, stack: account)
    monkeypatch.setattr(steps, "accounts", lambda stack, zones: {ZONE: account})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> PaperApiServer:
    """The API server of whichever cluster is asked for."""
    made = PaperApiServer()
    monkeypatch.setattr(steps, "reach", lambda *_: made)
    return made


def test_a_new_stack_gets_an_id_of_its_own_and_lives_where_the_key_does() -> None:
    first, second = (steps.create_stack_id(replace(SUBJECT, organization=""), "", print) for _ in range(2))

    assert (first.organization_id, first.organization_name) == (ACME.id, ACME.name)
    assert len({first.stack_id, second.stack_id}) == 2


@pytest.mark.parametrize("pinned", [ACME.id, ACME.name])
def test_an_organisation_can_be_pinned_by_id_or_by_name(pinned: str) -> None:
    assert steps.create_stack_id(SUBJECT, pinned, print).organization_id == ACME.id


def test_a_key_of_another_organisation_than_the_pinned_one_makes_nothing() -> None:
    with pytest.raises(AnotherOrganization, match='organization is "globex", and the API key EXO1 is of acme'):
        steps.create_stack_id(SUBJECT, "globex", print)


def test_a_key_of_another_organisation_is_refused_and_one_that_is_refused_itself_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through a refused key nothing can be changed, and a preview needs no good one."""
    steps.check_organization(SUBJECT)
    with pytest.raises(AnotherOrganization, match="dev lives in organisation globex"):
        steps.check_organization(replace(SUBJECT, organization=GLOBEX.id, organization_name=GLOBEX.name))

    def refused(zone: str, stack: str) -> None:
        raise TeardownError("Exoscale refuses the API key EXO1")

    monkeypatch.setattr(steps, "connect", refused)
    steps.check_organization(SUBJECT)


@pytest.mark.parametrize("verb", [steps.sweep_stack, steps.remaining])
def test_no_step_asks_or_changes_anything_with_a_key_of_another_organisation(
    account: PaperAccount, verb: Callable[..., Any]
) -> None:
    account.balancer(owner=OURS)
    theirs = replace(SUBJECT, organization=GLOBEX.id)

    with pytest.raises(AnotherOrganization):
        verb(theirs, *([print] if verb is steps.sweep_stack else []))
    assert account.changes == []


@pytest.mark.parametrize("running", [("exoscale-sks", "dev-copy"), ("another", "dev")])
def test_a_state_under_another_stacks_name_is_refused_as_a_copy(running: tuple[str, str]) -> None:
    steps.refuse_copy(SUBJECT, "exoscale-sks", "dev")

    with pytest.raises(TeardownError, match=f"of stack exoscale-sks/dev, and {'/'.join(running)} was about to destroy"):
        steps.refuse_copy(SUBJECT, *running)


def test_arming_writes_the_step_into_the_cluster_and_only_the_second_drain_lets_load_balancers_in_again(
    server: PaperApiServer, said: list[str]
) -> None:
    admission_policy.refuse_load_balancers(server)

    steps.arm(SUBJECT, steps.DRAIN, "c", "one", said.append)
    assert server.names("validatingadmissionpolicies")

    steps.arm(SUBJECT, steps.SECOND_DRAIN, "c", "two", said.append)
    assert not server.names("validatingadmissionpolicies")
    assert armed.armed(server, steps.DRAIN) == {"token": "one", "stack": "exoscale-sks/dev"}


def test_whether_a_destroy_closed_the_cluster_is_asked_without_a_change_and_is_no_where_nobody_can_tell(
    account: PaperAccount, server: PaperApiServer, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "kubeconfig", lambda account, cluster_id: {})
    monkeypatch.setattr(steps, "ApiServer", lambda access: server)
    assert not steps.left_behind(SUBJECT, "c")

    closing.close(server, True, 0, said.append)
    server.asked.clear()
    assert steps.left_behind(SUBJECT, "c") == ("closedByADestroy",)
    assert [line.partition(" ")[0] for line in server.asked] == ["GET", "GET"]

    server.silent = 1
    assert not steps.left_behind(SUBJECT, "c")
    assert not steps.left_behind(replace(SUBJECT, organization=GLOBEX.id), "c")

    steps.clear_away(SUBJECT, "c", said.append)
    assert not steps.left_behind(SUBJECT, "c")
    assert server.objects == {}


def test_in_a_cluster_that_exoscale_does_not_show_nothing_was_left(account: PaperAccount) -> None:
    assert not steps.left_behind(SUBJECT, "nowhere")


def test_a_locked_cluster_in_which_a_step_is_armed_is_told_with_who_locks_it(
    server: PaperApiServer, said: list[str]
) -> None:
    server.webhooks("kyverno", gone={"service": {"namespace": "kyverno", "name": "svc"}})
    server.refusals = {"POST": 'failed calling webhook "gone"'}

    with pytest.raises(
        TeardownError, match=r"cluster c refuses to be changed: .*kyverno locks it: Service kyverno/svc"
    ):
        steps.arm(SUBJECT, steps.SECOND_DRAIN, "c", "one", said.append)


def test_a_step_is_not_armed_in_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "reach", lambda *_: None)

    with pytest.raises(TeardownError, match="there is no cluster c in ch-gva-2"):
        steps.arm(SUBJECT, steps.DRAIN, "c", "one", print)


def test_the_policy_of_the_day_overrides_the_recorded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    policies: list[str] = []
    monkeypatch.setattr(steps, "run_drain", lambda cloud, role, token: policies.append(cloud.target.on_destroy) or [])
    for policy in ("", "keep"):
        monkeypatch.setenv("STORAGE_ON_DESTROY", policy)
        steps.drain(SUBJECT, steps.DRAIN, "one", DrainTarget("c", on_destroy="delete"), print)

    assert policies == ["delete", "keep"]
    monkeypatch.setenv("STORAGE_ON_DESTROY", "burn")
    with pytest.raises(TeardownError, match='STORAGE_ON_DESTROY is "burn"; allowed: refuse, delete, keep'):
        steps.drain(SUBJECT, steps.DRAIN, "one", DrainTarget("c"), print)


def test_only_the_armed_sweep_removes_nodepools(account: PaperAccount, server: PaperApiServer) -> None:
    cluster = account.cluster()
    account.nodepool(cluster)
    armed.arm(server, steps.NODEPOOL_SWEEP, "new", "exoscale-sks/dev")

    for token in ("old", ""):  # a command of before has none
        (line,) = steps.sweep_nodepools(SUBJECT, token, cluster, print)
        assert line == f"another sweep is armed in cluster {cluster}: this one does nothing"
    assert account.changes == []

    steps.sweep_nodepools(SUBJECT, "new", cluster, str)
    assert account.ids() == {cluster}


def test_a_control_plane_that_does_not_say_whether_another_sweep_is_armed_keeps_its_nodepools(
    account: PaperAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = account.cluster()
    account.nodepool(cluster)

    def silent(*_: object) -> None:
        raise Unreachable("the control plane does not answer")

    monkeypatch.setattr(steps, "reach", silent)
    (line,) = steps.sweep_nodepools(SUBJECT, "one", cluster, print)

    assert line.startswith("the control plane does not answer, so nodepools of cluster")
    assert account.changes == []


def test_rules_go_only_from_a_group_that_no_machine_of_anybodys_wears(account: PaperAccount) -> None:
    group = account.security_group()
    wearer, _ = account.nodepool(account.cluster(NEIGHBOUR), NEIGHBOUR, **{"security-groups": [{"id": group}]})

    assert steps.sweep_rules(SUBJECT, group, str) == [
        f"nodepool {wearer} uses security group {group}, so its rules stay"
    ]
    assert account.changes == []

    account.held["sks-clusters"].clear()
    assert steps.sweep_rules(SUBJECT, group, str) == []
    assert account.changes == [f"delete_rule_from_security_group {group}"]


def test_a_machine_in_another_zone_wears_it_too(account: PaperAccount) -> None:
    there = PaperAccount(OTHER_ZONE)
    group = account.security_group()
    there.instance(**{"security-groups": [{"id": group}]})

    steps.remove_rules_unless_worn({ZONE: account, OTHER_ZONE: there}, group, str)

    assert account.changes == []


def test_what_still_runs_is_told_in_one_line(account: PaperAccount) -> None:
    assert steps.remaining(SUBJECT) == "nothing runs for stack dev"

    account.balancer(owner=OURS)
    account.balancer(owner=NEIGHBOUR)

    assert steps.remaining(SUBJECT) == "1 thing that costs 25.35 CHF per month still run for stack dev"
    assert len(found(account)) == 2
