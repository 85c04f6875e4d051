"""The sweep: what an interrupted `up` made and never recorded goes, nothing else does, and the receipt tells."""

import pytest

from components.teardown.cloud.labels import KEEP
from components.teardown.errors import TeardownError
from components.teardown.subject import Subject
from components.teardown.sweep import sweep_nodepools, sweep_stack
from tests.teardown.paper import (
    BALANCER_NAME,
    K8S,
    NAMESAKE,
    NEIGHBOUR,
    OTHER_ZONE,
    OURS,
    OWNER,
    SUBJECT,
    ZONE,
    PaperAccount,
)


@pytest.fixture
def zones(account: PaperAccount) -> dict[str, PaperAccount]:
    return {ZONE: account, OTHER_ZONE: PaperAccount(OTHER_ZONE)}


def swept(
    zones: dict[str, PaperAccount], said: list[str], policy: str | None = None, subject: Subject = SUBJECT
) -> list[str]:
    return sweep_stack(zones, subject, policy, 0, said.append, pause=0)


def whole_stack(account: PaperAccount) -> None:
    """All that an `up` of ours makes, as if none of it had been recorded."""
    pool = account.pool()
    account.instance(pool)
    account.balancer(pool, owner=OURS)
    account.balancer(pool, name=K8S)
    account.security_group()
    account.anti_affinity_group()


def test_all_that_is_the_stacks_goes_in_every_zone(zones: dict[str, PaperAccount], said: list[str]) -> None:
    whole_stack(zones[ZONE])
    zones[OTHER_ZONE].balancer(owner=OURS)  # as a change of zone leaves it behind

    lines = swept(zones, said)

    assert zones[ZONE].ids() | zones[OTHER_ZONE].ids() == set()
    assert lines[0].startswith("swept: removed 8 things that cost 95.11")
    assert lines[-1].startswith("receipt: nothing that costs money is left of stack exoscale-sks/dev (Exoscale asked")
    assert "organisation acme" in lines[-1]


def test_a_second_sweep_has_nothing_to_do(zones: dict[str, PaperAccount], said: list[str]) -> None:
    whole_stack(zones[ZONE])
    swept(zones, said)
    said.clear()

    (receipt,) = swept(zones, said)

    assert receipt.startswith("receipt: nothing")
    assert said == []


def test_nobody_elses_things_are_touched(zones: dict[str, PaperAccount], said: list[str]) -> None:
    account = zones[ZONE]
    account.balancer(account.pool(NEIGHBOUR), name=BALANCER_NAME)
    account.balancer(name=BALANCER_NAME)
    account.volume()
    account.security_group(NAMESAKE)

    swept(zones, said)

    assert account.changes == []


def test_what_has_the_stacks_name_under_another_id_is_named_with_its_price_and_the_receipt_is_not_nothing(
    zones: dict[str, PaperAccount], said: list[str]
) -> None:
    """As after a stack that was destroyed with `keep`, or that lost its state."""
    earlier = zones[ZONE].volume(labels=NAMESAKE.labels(OWNER) | KEEP)
    zones[OTHER_ZONE].balancer(owner=NAMESAKE)
    zones[ZONE].balancer(owner=NEIGHBOUR)

    lines = swept(zones, said)

    assert len([line for line in lines if line.startswith("of the same name: ")]) == 2
    assert f"of the same name: volume {earlier} ({zones[ZONE].held['block-storage-volumes'][0]['name']}), 0.44 CHF" in (
        "\n".join(lines)
    )
    assert lines[-1].startswith(
        "receipt: stack exoscale-sks/dev holds nothing any more; but of the same name, under stack-id bbbbbbbbbbbb, "
        "there is 2 things that cost 25.78 CHF per month ("
    )
    assert zones[ZONE].changes == zones[OTHER_ZONE].changes == []


def test_what_others_have_a_part_in_stays_and_is_said(zones: dict[str, PaperAccount], said: list[str]) -> None:
    account = zones[ZONE]
    shared = account.balancer(account.pool(NEIGHBOUR), owner=OURS)

    lines = swept(zones, said)

    assert lines[0].startswith(f"left: NLB {shared} (nlb), 25.35 CHF per month: {NEIGHBOUR}: sends traffic to")
    assert lines[-1].startswith("receipt: 1 thing that costs 25.35 CHF per month is left of stack")
    assert account.changes == []


def test_data_goes_or_stays_as_the_drain_labelled_it(zones: dict[str, PaperAccount], said: list[str]) -> None:
    account = zones[ZONE]
    account.snapshot(account.volume(owner=OURS))
    kept = account.volume(labels=OURS.labels(OWNER) | KEEP)

    lines = swept(zones, said)

    assert account.ids() == {kept}
    assert f"next: exo compute block-storage delete {kept} --zone {ZONE}" in lines[1]
    assert lines[-1].startswith("receipt: 1 thing that costs 0.44 CHF per month is left")


def test_data_that_no_drain_saw_stops_the_sweep_before_it_deletes_anything(
    zones: dict[str, PaperAccount], said: list[str]
) -> None:
    volume = zones[ZONE].volume(zones[ZONE].machine())

    with pytest.raises(TeardownError, match=f"{volume}.*STORAGE_ON_DESTROY=delete"):
        swept(zones, said)

    assert zones[ZONE].changes == []


@pytest.mark.parametrize("policy", ["delete", "keep"])
def test_a_policy_decides_about_data_that_no_drain_saw(
    zones: dict[str, PaperAccount], said: list[str], policy: str
) -> None:
    account = zones[ZONE]
    volume = account.volume(account.machine())

    swept(zones, said, policy)

    assert account.ids() == ({volume} if policy == "keep" else set())
    if policy == "keep":
        assert account.labels(volume) == OURS.labels(OWNER) | KEEP, "it can be found again"


def test_data_stays_where_an_earlier_or_later_stack_of_that_name_has_a_cluster_that_may_use_it(
    zones: dict[str, PaperAccount], said: list[str]
) -> None:
    account = zones[ZONE]
    account.cluster(NAMESAKE)
    volume = account.volume(owner=OURS)

    lines = swept(zones, said, "delete")

    assert volume in account.ids()
    assert [line for line in lines if line.startswith(f"left: volume {volume}")]


def test_what_may_have_been_the_stacks_is_named_in_its_zone_and_left_alone(
    zones: dict[str, PaperAccount], said: list[str]
) -> None:
    volume, balancer = zones[ZONE].volume(), zones[ZONE].balancer(name=K8S)
    zones[OTHER_ZONE].volume()

    lines = [line for line in swept(zones, said) if line.startswith("nothing proves whose: ")]

    assert [(balancer in line, volume in line) for line in lines] == [(True, False), (False, True)]
    assert f"0.44 CHF per month; next: exo compute block-storage delete {volume} --zone {ZONE}" in lines[1]


class Silent(PaperAccount):
    def call(self, method: object, **arguments: object) -> dict[str, object]:
        raise TeardownError("no route to host")


def test_another_zone_that_does_not_answer_is_said_and_not_counted_as_asked(said: list[str]) -> None:
    account = PaperAccount()
    account.balancer(owner=OURS)

    lines = swept({ZONE: account, OTHER_ZONE: Silent(OTHER_ZONE)}, said)

    assert account.ids() == set()
    assert f"warning: zone {OTHER_ZONE} was not looked into: no route to host" in said
    assert "UTC in ch-gva-2, organisation acme" in lines[-1]


def test_the_stacks_own_zone_has_to_answer(said: list[str]) -> None:
    with pytest.raises(TeardownError, match="no route to host"):
        swept({ZONE: Silent(), OTHER_ZONE: PaperAccount(OTHER_ZONE)}, said)


def test_an_empty_id_proves_nothing(zones: dict[str, PaperAccount], said: list[str]) -> None:
    zones[ZONE].balancer(labels={"project": OURS.project, "stack": OURS.stack})

    with pytest.raises(TeardownError, match="id is empty"):
        swept(zones, said, subject=Subject(OURS.project, OURS.stack, OWNER, ZONE))
    assert zones[ZONE].changes == []


def test_a_sweep_of_a_cluster_takes_only_what_would_keep_the_cluster_from_going(
    account: PaperAccount, said: list[str]
) -> None:
    cluster, twin = account.cluster(), account.cluster()
    lost, pool = account.nodepool(cluster)
    added, _ = account.nodepool(cluster, None)
    locking = account.balancer(pool)
    theirs = account.nodepool(cluster, NEIGHBOUR)[0]
    stays = {account.nodepool(twin)[0], account.balancer(owner=OURS), account.security_group(), cluster, twin, theirs}

    (line,) = sweep_nodepools(account, SUBJECT, cluster, 0, said.append)

    assert account.ids() == stays
    assert [id_ in line for id_ in (lost, added, locking)] == [True] * 3


def test_a_sweep_of_a_cluster_that_is_anothers_takes_nothing(account: PaperAccount, said: list[str]) -> None:
    """Its id may stand in our state all the same, where that is a copy."""
    cluster = account.cluster(NEIGHBOUR)
    account.nodepool(cluster, NEIGHBOUR)
    account.nodepool(cluster, None)

    assert sweep_nodepools(account, SUBJECT, cluster, 0, said.append) == []
    assert account.changes == []
