"""What was found, in print."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from components.teardown.cloud.account import Organization
from components.teardown.cloud.report import Asked, age, cost, costing, document, nobodys, receipt, table, unproven
from components.teardown.cloud.resource import BALANCER, INSTANCE, NODEPOOL, SECURITY_GROUP, SNAPSHOT, Resource
from components.teardown.cloud.stack_ref import StackRef
from tests.teardown.paper import ACME, NAMESAKE, OURS, ZONE, PaperAccount, found

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ASKED = Asked("Exoscale", (ZONE,), ACME, NOW)
FREE = Decimal(0)


def thing(
    kind: str = BALANCER, price: Decimal | None = Decimal("25.3456"), owner: StackRef = OURS, **rest: object
) -> Resource:
    given = {"name": "nlb", "zone": ZONE, "created": NOW - timedelta(days=3, hours=5), **rest}
    return Resource(kind, "the-id", per_month=price, owners={owner: "p"}, billable=price != FREE, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "said"),
    [
        (timedelta(seconds=59), "new"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_ages_are_given_in_the_largest_unit(old: timedelta, said: str) -> None:
    assert age(NOW - old, NOW) == said


def test_an_age_that_the_api_does_not_tell_is_a_question_mark() -> None:
    assert age(None, NOW) == "?"


def test_a_sum_with_an_unknown_price_is_more_than_the_rest() -> None:
    assert cost([thing(), thing()]) == "50.69 CHF per month"
    assert cost([thing(), thing(SNAPSHOT, None)]) == "more than 25.35 CHF per month"
    assert cost([]) == "0.00 CHF per month"
    assert costing([thing()]) == "1 thing that costs 25.35 CHF per month"


def test_a_table_lines_its_columns_up_and_is_nothing_without_rows() -> None:
    rows = [(thing(), "left"), (thing(SECURITY_GROUP, FREE, zone="", created=None), "recorded")]

    assert table(rows, NOW) == [
        "kind            id      name  zone      age  CHF/month",
        "NLB             the-id  nlb   ch-gva-2  3 d      25.35  left",
        "security group  the-id  nlb   all         ?       0.00  recorded",
    ]
    assert table([], NOW) == []


@pytest.mark.parametrize(
    ("left", "others", "said"),
    [
        ([], [], "nothing that costs money is left of stack a/b ("),
        ([thing()], [], "1 thing that costs 25.35 CHF per month is left of stack a/b ("),
        ([thing(), thing()], [], "2 things that cost 50.69 CHF per month are left of stack a/b ("),
        ([thing(SECURITY_GROUP, FREE)], [], "nothing that costs money is left of stack a/b, and 1 free of charge ("),
        (
            [],
            [thing(owner=NAMESAKE)],
            "stack a/b holds nothing any more; but of the same name, under stack-id bbbbbbbbbbbb, there is "
            "1 thing that costs 25.35 CHF per month (",
        ),
        (
            [thing()],
            [thing(owner=NAMESAKE), thing(owner=StackRef("a", "b"))],
            "1 thing that costs 25.35 CHF per month is left of stack a/b; but of the same name, under stack-id "
            "bbbbbbbbbbbb and no stack-id, there is 2 things that cost 50.69 CHF per month (",
        ),
        ([], [thing(SECURITY_GROUP, FREE, NAMESAKE)], "nothing that costs money is left of stack a/b ("),
    ],
)
def test_the_receipt_is_nothing_only_where_nothing_of_that_name_costs_money(
    left: list[Resource], others: list[Resource], said: str
) -> None:
    assert receipt("stack a/b", left, others, ASKED).startswith(f"receipt: {said}")


def test_the_receipt_says_who_was_asked_when_of_which_organisation_and_how_old_the_prices_are() -> None:
    line = receipt("stack a/b", [], [], Asked("Exoscale", (ZONE, "at-vie-1"), ACME, NOW))

    assert line.endswith("(Exoscale asked on 2026-11-24 12:00 UTC in 2 zones, organisation acme; prices of 2025-08-22)")


def test_who_asked_something_else_than_exoscale_or_no_organisation_says_so() -> None:
    asked = Asked("the API at 127.0.0.1:8080", (ZONE,), Organization(), NOW)

    assert str(asked).startswith("the API at 127.0.0.1:8080 asked on 2026-11-24 12:00 UTC in ch-gva-2; prices")


def test_what_is_nobodys_comes_with_the_command_that_would_remove_it() -> None:
    account = PaperAccount()
    account.balancer("gone")
    (item,) = found(account).values()

    assert unproven([item]) == [
        "nothing proves whose: NLB nlb-1 (nlb), its instance pools are gone: gone, 25.35 CHF per month; "
        "next: exo compute load-balancer delete nlb-1 --zone ch-gva-2"
    ]
    assert nobodys([item], NOW)[-2] == "  exo compute load-balancer delete nlb-1 --zone ch-gva-2"
    assert nobodys([], NOW) == []


def test_only_what_a_person_can_remove_by_itself_has_a_command() -> None:
    assert thing(INSTANCE, parent="nodepool-1").command == "goes with its nodepool"
    assert thing(INSTANCE).command == "exo compute instance delete the-id --zone ch-gva-2"
    assert thing(NODEPOOL, parent="c").command == "exo compute sks nodepool delete c the-id --zone ch-gva-2"


def test_a_document_for_programs_keeps_unknowns_unknown() -> None:
    known, unknown = document(thing(), "left"), document(thing(SNAPSHOT, None, created=None, zone=""), "left")

    assert (known["chf-per-month"], known["created"]) == ("25.35", "2026-11-21T07:00:00+00:00")
    assert (unknown["chf-per-month"], unknown["created"], unknown["zone"]) == (None, None, None)
