"""Estimates a stack's monthly cost from a dated price table. A missing price is reported as unknown, never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

DATED = "2025-08-22"  # of the table in docs/exoscale.md; CHF, EUR and USD were equal
CURRENCY = "CHF"
HOURS_PER_MONTH = 730

LEVELS = {"starter": Decimal(0)}  # no source for the price of `pro`
# Of these families no source gives a price: colossus, gpua30, gpub300, gpurtx6000pro (docs/exoscale.md, Destroying).
_INSTANCES_BY_FAMILY = {
    "standard": {
        "micro": "0.00729",
        "tiny": "0.01458",
        "small": "0.02333",
        "medium": "0.04666",
        "large": "0.09333",
        "extra-large": "0.18667",
        "huge": "0.37334",
        "mega": "0.74667",
        "titan": "1.49333",
        "jumbo": "2.24",
        "colossus": "2.98666",
    },
    "cpu": {"extra-large": "0.23333", "huge": "0.46666", "mega": "0.93333", "titan": "1.86667"},
    "memory": {"extra-large": "0.14", "huge": "0.28", "mega": "0.56", "titan": "1.12"},
    "storage": {"extra-large": "0.14", "huge": "0.28", "mega": "0.56", "titan": "1.12", "jumbo": "1.86667"},
    "gpu": {"small": "1.16806", "medium": "1.71111", "large": "2.25417", "huge": "2.82083"},
    "gpu2": {"small": "1.375", "medium": "2.01389", "large": "2.65278", "huge": "3.31944"},
    "gpu3": {"small": "2.13333", "medium": "4.26667", "large": "8.53333", "huge": "17.06667"},
    "gpua5000": {"small": "1.34028", "medium": "2.47951", "large": "4.55694"},
    "gpu3080ti": {"small": "0.92361", "medium": "1.70868", "large": "3.14028"},
}
INSTANCES = {
    f"{family}.{size}": Decimal(price)
    for family, sizes in _INSTANCES_BY_FAMILY.items()
    for size, price in sizes.items()
}
DISK_GB = Decimal("0.00014")  # a node's disk
VOLUME_GB = Decimal("0.00006")  # block storage; the table names no unit, GiB like the disk's is assumed
LOAD_BALANCER = Decimal("0.03472")


class Nodes(Protocol):
    """The properties of a nodepool that determine its price."""

    @property
    def instance_type(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def bounds(self) -> str: ...
    @property
    def disk_size_gb(self) -> int: ...


@dataclass(frozen=True)
class Machines:
    """Equal machines of a nodepool."""

    instance_type: str
    size: int
    bounds: str
    disk_size_gb: int


@dataclass(frozen=True)
class Item:
    """One line of an estimate; `per_month` is None if the price is unknown."""

    what: str
    per_month: Decimal | None

    def __str__(self) -> str:
        return f"{self.what} {'price unknown' if self.per_month is None else f'{self.per_month:.2f}'}"


@dataclass(frozen=True)
class Estimate:
    """An estimate. Its text is one line: the total, the date of the prices, and each item. Pulumi shows the first 150
    characters of an output: with one nodepool, that is all of it."""

    items: tuple[Item, ...]

    @property
    def total(self) -> Decimal:
        """Monthly sum of the items whose price is known."""
        return sum((item.per_month for item in self.items if item.per_month is not None), Decimal(0))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Items without a price in the table."""
        return tuple(item.what for item in self.items if item.per_month is None)

    def __str__(self) -> str:
        amount = f"{'more than ' if self.unknown else ''}{self.total:.2f} {CURRENCY}"
        return f"{amount} per month (prices of {DATED}): {'; '.join(map(str, self.items))}"


def estimate(level: str, nodepools: Mapping[str, Sequence[Nodes]], load_balancers: int) -> Estimate:
    """Estimates the monthly cost of a cluster that runs all month as it is now.

    Args:
        level: service level of the control plane.
        nodepools: rows by nodepool name, one for each kind of nodes, with their number and the `bounds` within which
            others may change it; empty if nobody does.
        load_balancers: number of NLBs.
    """
    items = [_item(f"control plane {level}", LEVELS.get(level))]
    items += [Item(f"{name}, no nodes", Decimal(0)) for name, rows in nodepools.items() if not rows]
    for name, pool in [(name, row) for name, rows in nodepools.items() for row in rows]:
        nodes = f"{name}, {pool.size}{f' ({pool.bounds})' if pool.bounds else ''} x {pool.instance_type}"
        items.append(_item(nodes, INSTANCES.get(pool.instance_type), pool.size))
        items.append(_item(f"{pool.size} x {pool.disk_size_gb} GiB disk", DISK_GB, pool.size * pool.disk_size_gb))
    if load_balancers:
        items.append(_item(f"{load_balancers} x NLB", LOAD_BALANCER, load_balancers))
    return Estimate(tuple(items))


def per_month(per_hour: Decimal | None, number: int = 1) -> Decimal | None:
    """Returns the cost of so many that run all month; None if the price is unknown."""
    return None if per_hour is None else per_hour * number * HOURS_PER_MONTH


def _item(what: str, per_hour: Decimal | None, number: int = 1) -> Item:
    return Item(what, per_month(per_hour, number))
