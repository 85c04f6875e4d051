"""Holdings in print."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from teardown.holdings import BALANCER, SECURITY_GROUP, SNAPSHOT, Holding
from teardown.receipt import age, cost, document, receipt, table

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def holding(kind: str = BALANCER, per_month: Decimal | None = Decimal("25.3456"), **rest: object) -> Holding:
    given = {"name": "nlb", "zone": "ch-gva-2", "created": NOW - timedelta(days=3, hours=5), **rest}
    return Holding(kind, "the-id", per_month=per_month, whose=None, proof="p", billable=per_month != 0, **given)  # type: ignore[arg-type]


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
    assert age(holding(created=NOW - old), NOW) == said


def test_an_age_that_the_api_does_not_tell_is_a_question_mark() -> None:
    assert age(holding(created=None), NOW) == "?"


def test_a_sum_with_an_unknown_price_is_more_than_the_rest() -> None:
    assert cost([holding(), holding()]) == "50.69 CHF per month"
    assert cost([holding(), holding(SNAPSHOT, None)]) == "more than 25.35 CHF per month"
    assert cost([]) == "0.00 CHF per month"


def test_a_table_lines_its_columns_up_and_is_nothing_without_rows() -> None:
    rows = [(holding(), "left"), (holding(SECURITY_GROUP, Decimal(0), zone="", created=None), "recorded")]

    assert table(rows, NOW) == [
        "kind            id      name  zone      age  CHF/month",
        "NLB             the-id  nlb   ch-gva-2  3 d      25.35  left",
        "security group  the-id  nlb   all         ?       0.00  recorded",
    ]
    assert table([], NOW) == []


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ([], "receipt: nothing that costs money is left of stack a/b (Exoscale asked"),
        ([holding()], "receipt: 1 thing that costs 25.35 CHF per month is left of stack a/b (Exoscale asked"),
        (
            [holding(), holding()],
            "receipt: 2 things that cost 50.69 CHF per month are left of stack a/b (Exoscale asked",
        ),
        (
            [holding(SECURITY_GROUP, Decimal(0))],
            "receipt: nothing that costs money is left of stack a/b, and 1 free of charge (Exoscale asked",
        ),
    ],
)
def test_the_receipt_counts_what_costs_money_apart_from_what_is_free(left: list[Holding], said: str) -> None:
    assert receipt("stack a/b", left, ["ch-gva-2"], NOW).startswith(said)


def test_the_receipt_says_who_was_asked_when_and_how_old_the_prices_are() -> None:
    line = receipt("stack a/b", [], ["ch-gva-2", "at-vie-1"], NOW)

    assert line.endswith("(Exoscale asked on 2026-11-24 12:00 UTC in 2 zones; prices of 2025-08-22)")


def test_a_document_for_programs_keeps_unknowns_unknown() -> None:
    known, unknown = document(holding(), "left"), document(holding(SNAPSHOT, None, created=None, zone=""), "left")

    assert (known["chf-per-month"], known["created"]) == ("25.35", "2026-11-21T07:00:00+00:00")
    assert (unknown["chf-per-month"], unknown["created"], unknown["zone"]) == (None, None, None)
