"""Prints findings: tables, sums, ages, and the receipt."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .abandoned import why_abandoned
from .account import Account, Organization
from .prices import CURRENCY, DATED
from .resource import Resource

Row = tuple[Resource, str]  # with a remark

_SPANS = ((86400, "d"), (3600, "h"), (60, "min"))
NEW = "new"  # an age of less than a minute

_RIGHT = (4, 5)  # columns of numbers


def cost(items: Iterable[Resource]) -> str:
    """Says what they cost together; `more than` if a price is unknown."""
    prices = [item.per_month for item in items]
    total = sum((price for price in prices if price is not None), Decimal(0))
    return f"{'more than ' if None in prices else ''}{total:.2f} {CURRENCY} per month"


def costing(items: Sequence[Resource]) -> str:
    """Says how many they are, and what they cost."""
    return f"{len(items)} {'thing that costs' if len(items) == 1 else 'things that cost'} {cost(items)}"


def price(item: Resource) -> str:
    """Returns what one costs per month, as a table cell."""
    return "unknown" if item.per_month is None else f"{item.per_month:.2f}"


def age(since: datetime | None, now: datetime) -> str:
    """Returns the time since then, as a table cell."""
    if since is None:
        return "?"
    seconds = (now - since).total_seconds()
    return next((f"{seconds // size:.0f} {unit}" for size, unit in _SPANS if seconds >= size), NEW)


def table(rows: Sequence[Row], now: datetime) -> list[str]:
    """Returns a header and a line per resource; nothing if there are none."""
    if not rows:
        return []
    cells = [("kind", "id", "name", "zone", "age", f"{CURRENCY}/month", "")]
    for item, said in rows:
        cells.append((item.kind, item.id, item.name, item.zone or "all", age(item.created, now), price(item), said))
    return aligned(cells, _RIGHT)


def aligned(cells: Sequence[Sequence[str]], right: Collection[int]) -> list[str]:
    """Returns a line per row, in columns.

    Args:
        right: the columns of numbers.
    """
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def unproven(items: Iterable[Resource]) -> list[str]:
    """Returns a line for each resource that may have been the stack's; without proof, nothing deletes it unasked."""
    return [
        f"nothing proves whose: {item}, {why_abandoned(item)}, {cost([item])}; next: {item.command}" for item in items
    ]


@dataclass(frozen=True)
class Asked:
    """The source of an answer.

    Args:
        whom: who answered: Exoscale, the sandbox, or another API.
        zones: the zones that were asked.
        organization: the key's organisation; an empty one was not asked for.
        when: time of the answer.
    """

    whom: str
    zones: tuple[str, ...]
    organization: Organization
    when: datetime

    @classmethod
    def now(cls, accounts: Mapping[str, Account], organization: Organization) -> "Asked":
        """Describes these accounts at this moment."""
        return cls(next(iter(accounts.values())).whom, tuple(accounts), organization, datetime.now(UTC))

    def __str__(self) -> str:
        when = self.when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        where = self.zones[0] if len(self.zones) == 1 else f"{len(self.zones)} zones"
        of = f", organisation {self.organization.name or self.organization.id}" if self.organization.id else ""
        return f"{self.whom} asked on {when} in {where}{of}; prices of {DATED}"


def receipt(stack: str, left: Sequence[Resource], others: Sequence[Resource], asked: Asked) -> str:
    """Returns the receipt: what is left of a stack, and who was asked when.

    Args:
        left: what is left of it.
        others: resources with the same project and stack but another id: an earlier stack's, or somebody else's.
    """
    billable = [item for item in left if item.billable]
    namesakes = [item for item in others if item.billable]
    free = len(left) - len(billable)
    if billable:
        what = f"{costing(billable)} {'is' if len(billable) == 1 else 'are'} left of {stack}"
    elif namesakes:
        what = f"{stack} holds nothing any more"
    else:
        what = f"nothing that costs money is left of {stack}"
    also = f", and {free} free of charge" if free else ""
    same = f"; but of the same name, under {_ids(namesakes)}, there is {costing(namesakes)}" if namesakes else ""
    return f"receipt: {what}{also}{same} ({asked})"


def _ids(items: Iterable[Resource]) -> str:
    ids = sorted({owner.id or "no stack-id" for item in items for owner in item.owners if owner.project})
    return " and ".join(f"stack-id {id_}" if id_ != "no stack-id" else id_ for id_ in ids)


def document(item: Resource, said: str) -> dict[str, Any]:
    """Returns one resource for `--json`; the price is a decimal number as a string, or null if it is unknown."""
    return {
        "kind": item.kind,
        "id": item.id,
        "name": item.name,
        "zone": item.zone or None,
        "created": item.created.isoformat() if item.created else None,
        "chf-per-month": None if item.per_month is None else f"{item.per_month:.2f}",
        "billable": item.billable,
        "status": said,
        "proof": item.proof or None,
        "remove": item.command,
    }


def section(title: str, lines: Sequence[str]) -> list[str]:
    """Returns lines under a title; nothing if there are none."""
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


def nobodys(items: Sequence[Resource], now: datetime) -> list[str]:
    """Lists what nothing deletes unasked: it may belong to a cluster that is not known here."""
    if not items:
        return []
    lines = [*table([(item, why_abandoned(item)) for item in items], now), *(item.command for item in items)]
    return [*section("Provably nobody's, and none of the sum; look before you delete:", lines), ""]
