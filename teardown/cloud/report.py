"""Holdings in print: tables, sums, ages, and the line at the end."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from components.prices import CURRENCY, DATED
from teardown.holdings import Holding

Row = tuple[Holding, str]  # with what is to be said of it

_SPANS = ((86400, "d"), (3600, "h"), (60, "min"))
_RIGHT = (4, 5)  # columns of numbers


def cost(items: Iterable[Holding]) -> str:
    """What they cost together, in words; `more than` where a price is unknown."""
    prices = [item.per_month for item in items]
    total = sum((price for price in prices if price is not None), Decimal(0))
    return f"{'more than ' if None in prices else ''}{total:.2f} {CURRENCY} per month"


def costing(items: Sequence[Holding]) -> str:
    """How many, and what they cost."""
    return f"{len(items)} {'thing that costs' if len(items) == 1 else 'things that cost'} {cost(items)}"


def price(item: Holding) -> str:
    """What one costs per month, as a cell of a table."""
    return "unknown" if item.per_month is None else f"{item.per_month:.2f}"


def age(item: Holding, now: datetime) -> str:
    """How long it has been there."""
    if item.created is None:
        return "?"
    seconds = (now - item.created).total_seconds()
    return next((f"{seconds // size:.0f} {unit}" for size, unit in _SPANS if seconds >= size), "new")


def table(rows: Sequence[Row], now: datetime) -> list[str]:
    """A line per holding under a header; nothing where there is none."""
    if not rows:
        return []
    cells = [("kind", "id", "name", "zone", "age", f"{CURRENCY}/month", "")]
    for item, said in rows:
        cells.append((item.kind, item.id, item.name, item.zone or "all", age(item, now), price(item), said))
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join(_aligned(row, widths)).rstrip() for row in cells]


def unproven(items: Iterable[Holding]) -> list[str]:
    """A line for each thing that may have been the stack's; nothing proves it, so nobody deletes it unasked."""
    return [f"nothing proves whose: {item}, {item.proof}, {cost([item])}; next: {item.command}" for item in items]


def receipt(stack: str, left: Sequence[Holding], asked: Sequence[str], now: datetime) -> str:
    """The last word: what is left of a stack, and who was asked when."""
    billable = [item for item in left if item.billable]
    free = len(left) - len(billable)
    what = f"{costing(billable)} {'is' if len(billable) == 1 else 'are'}" if billable else "nothing that costs money is"
    also = f", and {free} free of charge" if free else ""
    when = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"receipt: {what} left of {stack}{also} (Exoscale asked on {when} in {zones(asked)}; prices of {DATED})"


def zones(asked: Sequence[str]) -> str:
    """Which zones, in few words."""
    return asked[0] if len(asked) == 1 else f"{len(asked)} zones"


def document(item: Holding, said: str) -> dict[str, Any]:
    """One holding for `--json`; the price is a string of a decimal number, or null where it is unknown."""
    return {
        "kind": item.kind,
        "id": item.id,
        "name": item.name,
        "zone": item.zone or None,
        "created": item.created.isoformat() if item.created else None,
        "chf-per-month": None if item.per_month is None else f"{item.per_month:.2f}",
        "billable": item.billable,
        "status": said,
        "proof": item.proof,
        "remove": item.command,
    }


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if column in _RIGHT else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
