"""What the account holds, asked of a simulated API: the documents that all else is judged by."""

from decimal import Decimal

import pytest

from components.teardown.cloud.ownership import Evidence, resources
from components.teardown.cloud.prices import INSTANCES
from components.teardown.cloud.resource import Resource
from components.teardown.cloud.survey import Accounts, survey
from components.teardown.errors import TeardownError
from tests.teardown.paper import NEIGHBOUR, OTHER_ZONE, OURS, ZONE, PaperAccount, found
from tests.teardown.world import World

Row = tuple[str, str, Decimal | None, bool]


def rows(items: list[Resource]) -> list[Row]:
    """What there is to compare of each thing."""
    return [(item.kind, item.zone, item.per_month, item.billable) for item in items]


def test_the_api_shows_a_whole_stack_as_the_paper_account_does(world: World, everywhere: Accounts) -> None:
    """All other tests of the rule work on paper, so the two must not part."""
    cluster = world.cluster(OURS, OTHER_ZONE)
    _, pool = world.nodepool(cluster, OURS, OTHER_ZONE)
    instance = world.instance(pool, OTHER_ZONE)
    world.balancer(None, pool, OTHER_ZONE)
    world.snapshot(world.volume({}, instance, OTHER_ZONE), OTHER_ZONE)
    world.groups(OURS)
    paper = PaperAccount(OTHER_ZONE)
    its_pool = paper.pool()
    paper.snapshot(paper.volume(paper.instance(its_pool)))
    paper.balancer(its_pool)
    paper.security_group()
    paper.anti_affinity_group()

    surveys = survey(everywhere)

    items = [item for item in resources(surveys, Evidence(OURS)) if item.owners]  # one group is there from the start
    machine = (Decimal("0.02333") + 20 * Decimal("0.00014")) * 730
    assert [(item.kind, item.per_month) for item in items if item.per_month] == [
        ("instance", machine),
        ("NLB", Decimal("0.03472") * 730),
        ("volume", 10 * Decimal("0.00006") * 730),
    ]
    assert rows(items) == rows([*found(paper).values()])
    assert {owner for item in items for owner in item.owners} == {OURS}
    assert [one.zone for one in surveys if one.security_groups] == [ZONE], "groups belong to no zone"


def test_groups_are_asked_for_once_or_not_at_all() -> None:
    zones = {ZONE: PaperAccount(), OTHER_ZONE: PaperAccount(OTHER_ZONE)}
    for account in zones.values():
        account.security_group()
        account.anti_affinity_group()

    assert [(len(one.security_groups), len(one.anti_affinity_groups)) for one in survey(zones)] == [(1, 1), (0, 0)]
    assert survey(zones, groups=False)[0].security_groups == []


class Silent(PaperAccount):
    """Answers nothing."""

    def call(self, method: object, **arguments: object) -> dict[str, object]:
        raise TeardownError("no route to host")


def test_a_zone_that_does_not_answer_is_left_out_where_somebody_is_told_and_ends_it_where_not() -> None:
    told: dict[str, str] = {}
    zones = {ZONE: PaperAccount(), OTHER_ZONE: Silent(OTHER_ZONE)}

    answered = survey(zones, lambda zone, error: told.update({zone: str(error)}))

    assert [one.zone for one in answered] == [ZONE]
    assert told == {OTHER_ZONE: "no route to host"}
    with pytest.raises(TeardownError, match=r"^at-vie-1: no route to host$"):
        survey(zones)


def test_what_points_at_something_is_asked_for_before_what_it_points_at() -> None:
    """Else what is made between two questions would look as if it pointed at nothing, and be nobody's."""

    class Busy(PaperAccount):
        """Another stack's `up` makes a whole cluster with a volume after each question."""

        def call(self, method: object, **arguments: object) -> dict[str, object]:
            answer = super().call(method, **arguments)
            node = self.machine(NEIGHBOUR)
            self.snapshot(self.volume(node))
            self.balancer(self.pool(NEIGHBOUR))
            self.instance(self.bare_pool(NEIGHBOUR))
            return answer

    items = resources(survey({ZONE: Busy()}), Evidence(OURS))

    assert {owner for item in items for owner in item.owners} == {NEIGHBOUR}
    assert [item for item in items if not item.owners] == []


def test_a_machine_of_a_kind_that_no_table_knows_has_an_unknown_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(INSTANCES, "standard.small")
    account = PaperAccount()
    node = account.machine()

    assert found(account)[node].per_month is None


def test_a_control_plane_whose_price_is_unknown_counts_as_billable_and_an_empty_nodepool_does_not() -> None:
    account = PaperAccount()
    cluster = account.cluster(level="pro")
    empty, _ = account.nodepool(cluster, size=0)

    items = found(account)

    assert (items[cluster].per_month, items[cluster].billable) == (None, True)
    assert not items[empty].billable
