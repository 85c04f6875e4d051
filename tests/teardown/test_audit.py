"""The audit: what the cloud holds for a stack, whatever the state says, and what may be removed of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from teardown.account import Document
from teardown.audit import StackAudit, fix, of_project, of_stack
from teardown.cli import main
from teardown.errors import TeardownError
from teardown.holdings import Holding
from teardown.owner import Owner
from teardown.state import BALANCER, Recorded, recorded
from teardown.survey import Accounts
from tests.teardown.deployment import FakeBackend, cluster, exported, mark, nodepool, resource
from tests.teardown.world import NAMESAKE, NEIGHBOUR, OTHER_ZONE, OURS, UID, World

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def audited(everywhere: Accounts, state: Document | None = None, stack_id: str = "") -> StackAudit:
    return of_stack(everywhere, OURS.project, OURS.stack, recorded(state), stack_id)


def statuses(found: StackAudit) -> dict[str, str]:
    return {item.id: said.partition(":")[0] for item, said in found.judgement.rows}


class Living:
    """A stack of ours that is up, and its state."""

    def __init__(self, world: World, owner: Owner = OURS) -> None:
        self.cluster = world.cluster(owner)
        self.nodepool = world.nodepool(self.cluster, owner)
        self.pool = world.pool(self.cluster, self.nodepool)
        self.instances = world.instances(self.pool)
        self.balancer = world.balancer(owner, self.pool, name="exoscale-sks-dev-ingress")
        self.state = exported(
            mark(owner),
            cluster(self.cluster),
            nodepool(self.nodepool, self.pool),
            resource(BALANCER, "ingress", self.balancer),
        )


@pytest.fixture
def living(world: World) -> Living:
    return Living(world)


def test_nothing_is_left_of_a_stack_that_never_was(world: World, everywhere: Accounts) -> None:
    found = audited(everywhere)

    assert not found.failed
    (receipt,) = found.text(["ch-gva-2"], NOW)
    assert receipt == (
        "receipt: nothing that costs money is left of stack exoscale-sks/dev "
        "(Exoscale asked on 2026-11-24 00:00 UTC in ch-gva-2; prices of 2025-08-22)"
    )


def test_a_living_stack_leaves_nothing_and_is_shown_with_its_price(everywhere: Accounts, living: Living) -> None:
    found = audited(everywhere, living.state)

    assert not found.failed
    assert statuses(found) == {
        living.cluster: "recorded",
        living.nodepool: "recorded",
        **dict.fromkeys(living.instances, "in use by the cluster"),
        living.balancer: "recorded",
    }
    text = "\n".join(found.text(["ch-gva-2"], NOW))
    assert "exoscale-sks/dev (stack-id aaaaaaaaaaaa): Exoscale holds 5 things that cost 63.50 CHF per month" in text
    assert "receipt: nothing that costs money is left" in text


def test_without_a_state_all_that_is_found_is_left(everywhere: Accounts, living: Living) -> None:
    found = audited(everywhere)

    assert found.failed
    assert set(statuses(found).values()) == {"left"}
    text = found.text(["ch-gva-2"], NOW)
    assert (
        f"  exo compute sks nodepool delete {living.cluster} {living.nodepool} --zone ch-gva-2   # nodepool p" in text
    )
    assert "4 things that cost 63.50 CHF per month are left" in text[-1]
    assert "1 free of charge" in text[-1]


def test_what_a_killed_up_made_and_never_recorded_is_an_orphan(
    world: World, everywhere: Accounts, living: Living
) -> None:
    twin = world.cluster(OURS)
    pool = world.pool(twin, world.nodepool(twin, OURS))
    twin_balancer, (group, _) = world.balancer(OURS), world.groups(OURS)

    found = audited(everywhere, living.state)

    orphans = {id_ for id_, said in statuses(found).items() if said == "not recorded"}
    assert found.failed
    assert {twin, twin_balancer, group, *world.instances(pool)} <= orphans
    assert not orphans & {living.cluster, living.nodepool, living.balancer, *living.instances}


def test_what_a_living_cluster_uses_is_no_orphan_even_when_an_abandoned_destroy_labelled_it(
    world: World, everywhere: Accounts, living: Living
) -> None:
    serving = world.balancer(None, living.pool, name=f"k8s-{UID}")
    claimed = world.balancer(OURS, living.pool, name=f"k8s-{UID}")
    loose = world.balancer(OURS, name=f"k8s-{UID}")
    attached = world.volume({}, living.instances[0])
    snapshot = world.snapshot(attached)
    detached = world.volume(OURS.labels)

    found = audited(everywhere, living.state)

    assert not found.failed
    made = (serving, claimed, loose, attached, snapshot, detached)
    assert {statuses(found)[id_] for id_ in made} == {"in use by the cluster"}


def test_an_nlb_whose_recorded_pool_is_gone_is_the_stacks(world: World, everywhere: Accounts, living: Living) -> None:
    gone = "22222222-2222-4222-8222-222222222222"
    balancer = world.balancer(None, living.pool, name=f"k8s-{UID}")
    world.retarget(balancer, gone)
    state = exported(mark(OURS), nodepool("33333333-2222-4222-8222-222222222222", gone))

    assert statuses(audited(everywhere, state))[balancer] == "not recorded"
    assert balancer not in statuses(audited(everywhere, living.state))
    assert [item.id for item in audited(everywhere, living.state).nobodys] == [balancer]


def test_what_is_nobodys_is_shown_with_commands_and_counts_for_no_stack(world: World, everywhere: Accounts) -> None:
    balancer, volume = world.balancer(None, name=f"k8s-{UID}"), world.volume({})
    snapshot = world.snapshot(volume)
    world.balancer(None, name="k8s-production")
    world.volume({}, name="my-data")
    world.volume({"team": "blue"})

    found = audited(everywhere)

    assert not found.failed
    assert [item.id for item in found.nobodys] == [balancer, volume, snapshot]
    text = "\n".join(found.text(["ch-gva-2"], NOW))
    assert f"exo compute load-balancer delete {balancer} --zone ch-gva-2" in text
    assert f"exo compute block-storage delete {volume} --zone ch-gva-2" in text
    assert f"exo compute block-storage snapshot delete {snapshot} --zone ch-gva-2" in text


def test_volumes_that_were_kept_are_listed_and_fail_the_audit_for_they_are_billed(
    world: World, everywhere: Accounts
) -> None:
    volume = world.volume({**OURS.labels, "on-destroy": "keep"})

    found = audited(everywhere)

    assert found.failed
    assert statuses(found) == {volume: "kept on purpose"}
    assert "1 thing that costs 0.44 CHF per month is left" in found.text(["ch-gva-2"], NOW)[-1]


def test_a_snapshots_price_is_unknown_and_the_sum_says_more_than(world: World, everywhere: Accounts) -> None:
    world.snapshot(world.volume(OURS.labels))

    assert "more than 0.44 CHF" in audited(everywhere).text(["ch-gva-2"], NOW)[-1]


def test_stacks_of_similar_names_are_not_this_one(world: World, everywhere: Accounts) -> None:
    Living(world, NEIGHBOUR)
    world.groups(NEIGHBOUR)

    found = audited(everywhere)

    assert found.judgement.rows == ()
    assert not found.failed


def test_another_stack_of_the_same_name_is_shown_apart_and_not_counted(
    world: World, everywhere: Accounts, living: Living
) -> None:
    theirs = world.balancer(NAMESAKE)

    found = audited(everywhere, living.state)

    assert not found.failed
    assert [item.id for item in found.judgement.strangers] == [theirs]
    assert "Of other stacks named exoscale-sks/dev" in "\n".join(found.text(["ch-gva-2"], NOW))


def test_what_carries_no_id_is_the_stacks_only_while_no_other_stack_has_its_name(
    world: World, everywhere: Accounts, living: Living
) -> None:
    """As what a program made that gave no ids yet."""
    old = world.balancer_labelled({"project": OURS.project, "stack": OURS.stack, "owner": OURS.owner})
    assert statuses(audited(everywhere, living.state))[old] == "not recorded"

    theirs = world.balancer(NAMESAKE)

    found = audited(everywhere, living.state)
    assert {item.id for item in found.judgement.strangers} == {old, theirs}


def fixed(
    everywhere: Accounts,
    said: list[str],
    state: Document | None = None,
    stack_id: str = "",
    data: bool = False,
    agreed: Callable[[list[Holding]], bool] = lambda going: True,
) -> None:
    fix(everywhere, lambda: audited(everywhere, state, stack_id), data, agreed, said.append, patience=5)


def test_a_fix_removes_the_orphans_and_leaves_the_living_stack_alone(
    world: World, everywhere: Accounts, living: Living, said: list[str]
) -> None:
    world.balancer(None, living.pool, name=f"k8s-{UID}")
    before = world.held()
    twin = world.cluster(OURS)
    twin_pool = world.pool(twin, world.nodepool(twin, OURS))
    world.balancer(OURS, twin_pool)
    world.groups(OURS)

    fixed(everywhere, said, living.state)

    assert world.held() == before


def test_a_fix_shows_what_it_would_delete_and_takes_no_for_an_answer(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    balancer = world.balancer(OURS)
    shown: list[Holding] = []

    def no(going: list[Holding]) -> bool:
        shown.extend(going)
        return False

    fixed(everywhere, said, stack_id=OURS.stack_id, agreed=no)

    assert [item.id for item in shown] == [balancer]
    assert world.held() == {"load-balancer": {balancer}}


def test_a_fix_leaves_volumes_alone_unless_it_is_told_otherwise(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    volume = world.volume({**OURS.labels, "on-destroy": "keep"})

    fixed(everywhere, said, stack_id=OURS.stack_id)
    assert world.held() == {"block-storage": {volume}}

    fixed(everywhere, said, stack_id=OURS.stack_id, data=True)
    assert world.held() == {}


def test_a_fix_labels_the_data_that_it_leaves_before_the_machine_that_proves_it_goes(
    world: World, everywhere: Accounts, living: Living, said: list[str]
) -> None:
    volume = world.volume({}, living.instances[0])
    snapshot = world.snapshot(volume)

    fixed(everywhere, said, stack_id=OURS.stack_id)

    assert world.held() == {"block-storage": {volume}, "block-storage-snapshot": {snapshot}}
    found = audited(everywhere)
    assert found.failed
    assert statuses(found) == {volume: "kept on purpose", snapshot: "kept on purpose"}
    labels = world.client().get_block_storage_volume(id=volume)["labels"]
    assert labels == {**OURS.labels, "on-destroy": "keep"}


def test_a_fix_refuses_where_no_state_says_whose_it_is(world: World, everywhere: Accounts, said: list[str]) -> None:
    world.balancer(OURS)
    world.balancer(NAMESAKE)
    before = world.held()

    with pytest.raises(TeardownError, match="aaaaaaaaaaaa and bbbbbbbbbbbb") as error:
        fixed(everywhere, said)

    assert "--stack-id" in str(error.value)
    assert world.held() == before


def test_a_fix_with_an_id_leaves_the_namesakes_things_alone(
    world: World, everywhere: Accounts, said: list[str]
) -> None:
    world.balancer(OURS)
    theirs = world.balancer(NAMESAKE)

    fixed(everywhere, said, stack_id=OURS.stack_id)

    assert world.held() == {"load-balancer": {theirs}}


def test_an_audit_of_the_project_tells_living_stacks_from_those_that_outlived_their_state(
    world: World, everywhere: Accounts, living: Living
) -> None:
    world.balancer(NEIGHBOUR, zone=OTHER_ZONE)
    world.balancer(NAMESAKE)
    world.balancer(Owner("another-project", "dev", "eve", "dddddddddddd"))

    found = of_project(everywhere, OURS.project, FakeBackend(dev=living.state))

    assert found.failed
    wrong = {whose.stack_id: (len(items), wrong) for whose, (items, wrong) in found.stacks.items()}
    assert wrong[OURS.stack_id] == (5, "")
    assert wrong[NEIGHBOUR.stack_id][0] == 1
    assert "no such stack in this backend" in wrong[NEIGHBOUR.stack_id][1]
    assert "does not know it" in wrong[NAMESAKE.stack_id][1]
    assert len(wrong) == 3
    assert "2 things that cost 50.69 CHF per month are left" in found.text(["ch-gva-2"], NOW)[-1]


def test_an_audit_of_the_project_succeeds_when_every_stack_lives(everywhere: Accounts, living: Living) -> None:
    found = of_project(everywhere, OURS.project, FakeBackend(dev=living.state))

    assert not found.failed
    assert found.text(["ch-gva-2"], NOW)[0] == (
        "exoscale-sks/dev (stack-id aaaaaaaaaaaa): 5 things that cost 63.50 CHF per month"
    )


@pytest.fixture
def command(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`python -m teardown audit …` in a project's folder; `state` is what the backend knows of any stack."""
    (tmp_path / "Pulumi.yaml").write_text("name: exoscale-sks\n")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, state: Document | None = None, answer: str = "") -> Result:
        backend = FakeBackend(**({"dev": state} if state else {}))
        monkeypatch.setattr("teardown.audit.Pulumi", lambda folder: backend)
        return CliRunner().invoke(main, ["audit", *arguments], input=answer)

    return run


def test_the_command_ends_with_the_receipt_and_its_exit_status_tells(
    world: World, command: Callable[..., Result], living: Living
) -> None:
    assert command("dev", state=living.state).exit_code == 0

    orphan = world.balancer(OURS)
    done = command("dev", state=living.state)

    assert done.exit_code == 1
    assert orphan in done.output
    assert done.output.splitlines()[-1].startswith("receipt: 1 thing that costs 25.35 CHF per month is left")


def test_the_command_looks_into_every_zone_unless_it_is_told_which(
    world: World, command: Callable[..., Result]
) -> None:
    world.balancer(OURS, zone=OTHER_ZONE)

    assert command("dev").exit_code == 1
    assert command("dev", "--zone", "ch-gva-2").exit_code == 0
    assert 'zone is "mars"; allowed: ' in command("dev", "--zone", "mars").output


def test_the_command_fixes_after_a_yes_and_audits_again(world: World, command: Callable[..., Result]) -> None:
    world.balancer(OURS)

    done = command("dev", "--fix", "--stack-id", OURS.stack_id, answer="y\n")

    assert done.exit_code == 0, done.output
    assert "Delete 1 thing that costs 25.35 CHF per month?" in done.output
    assert done.output.splitlines()[-1].startswith("receipt: nothing that costs money is left")
    assert world.held() == {}


def test_the_command_does_not_believe_an_id_that_the_state_contradicts(
    command: Callable[..., Result], living: Living
) -> None:
    done = command("dev", "--stack-id", NAMESAKE.stack_id, state=living.state)

    assert done.exit_code == 1
    assert "says that its stack-id is aaaaaaaaaaaa, not bbbbbbbbbbbb" in done.output


def test_the_command_prints_json_for_programs(world: World, command: Callable[..., Result]) -> None:
    balancer = world.balancer(OURS)

    done = command("dev", "--json")

    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert found["left"] == 1
    assert found["holdings"][0]["id"] == balancer
    assert found["holdings"][0]["chf-per-month"] == "25.35"
    assert found["holdings"][0]["remove"] == f"exo compute load-balancer delete {balancer} --zone ch-gva-2"


def test_without_a_stack_the_command_shows_the_project_and_fixes_nothing(
    world: World, command: Callable[..., Result], living: Living
) -> None:
    world.balancer(NEIGHBOUR)

    assert "dev-2 (stack-id cccccccccccc): 1 thing that costs 25.35 CHF per month; no such stack" in command().output
    assert command("--fix", "--yes").exit_code == 1
    assert {living.balancer} < world.held()["load-balancer"]


def test_an_unknown_stack_records_nothing() -> None:
    assert recorded(None) == Recorded()
