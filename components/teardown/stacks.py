"""Lists the stacks that hold something in the cloud: whose, how old, what each costs a day, and what is wrong."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from .cloud.account import accounts
from .cloud.prices import CURRENCY, HOURS_PER_MONTH
from .cloud.report import NEW, Asked, age, aligned, cost, costing
from .cloud.resource import INSTANCE, Resource
from .cloud.stack_ref import StackRef
from .cloud.status import State, judge
from .errors import TeardownError
from .expiry import Expiry, expiries
from .project_audit import ProjectAudit, of_project
from .state.backend import Backend, Pulumi, project
from .state.recorded import Recorded

_HEAD = ("stack", "owner", "zone", "age", "expires", "updated", "nodes", f"{CURRENCY}/day", "wrong")
_RIGHT = (3, 4, 5, 6, 7)  # columns of numbers


@dataclass(frozen=True)
class Row:
    """One stack.

    Args:
        zones: those in which it holds something.
        created: time when its oldest resource was made; None if the API does not say.
        expires: time when it expires; None if it does not, or if that is not known.
        updated: time when its state was written; None if this backend has none of it.
        per_day: CHF, of what has a price.
        unpriced: whether there is anything else.
        wrong: what somebody should look at, each in words.
    """

    stack: StackRef
    owner: str
    zones: tuple[str, ...]
    created: datetime | None
    expires: datetime | None
    updated: datetime | None
    nodes: int
    per_day: Decimal
    unpriced: bool
    wrong: tuple[str, ...]

    def cells(self, name: str, now: datetime) -> Sequence[str]:
        """Its line of the table."""
        spans = age(self.created, now), _until(self.expires, now), age(self.updated, now)
        day = f"{'more than ' if self.unpriced else ''}{self.per_day:.2f}"
        return name, self.owner, " ".join(self.zones), *spans, str(self.nodes), day, "; ".join(self.wrong)

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "stack": self.stack.stack,
            "stack-id": self.stack.id or None,
            "owner": self.owner,
            "zones": list(self.zones),
            "created": self.created.isoformat() if self.created else None,
            "expires": self.expires.isoformat() if self.expires else None,
            "updated": self.updated.isoformat() if self.updated else None,
            "nodes": self.nodes,
            "chf-per-day": f"{self.per_day:.2f}",
            "unpriced": self.unpriced,
            "wrong": list(self.wrong),
        }


def rows(
    audit: ProjectAudit, zones: Collection[str], now: datetime, ends: Mapping[str, Expiry] | None = None
) -> list[Row]:
    """Describes each stack of an audited project.

    Args:
        zones: the zones that were asked.
        ends: when stacks expire, by name.
    """
    there = {item.id for item in audit.found}
    described = []
    for stack, (items, wrong) in audit.stacks.items():
        state = None if wrong else audit.states.get(stack.stack)
        end = (ends or {}).get(stack.stack) if state else None
        remarks = [wrong] if wrong else []
        if state:
            gone = [id_ for id_, zone in state.clusters if zone in zones and id_ not in there]
            remarks += ["expired: `reap` destroys it"] if end and end.at <= now else []
            remarks += [*_remarks(stack, items, state, gone, now)]
        prices = [item.per_month for item in items]
        described.append(
            Row(
                stack,
                audit.owner(stack),
                zones=tuple(sorted({item.zone for item in items if item.zone})),
                created=min((item.created for item in items if item.created), default=None),
                expires=end.at if end else None,
                updated=state.saved if state else None,
                nodes=sum(item.kind == INSTANCE for item in items),
                per_day=_per_day(prices),
                unpriced=None in prices,
                wrong=tuple(remarks),
            )
        )
    return described


def _remarks(
    stack: StackRef, items: Sequence[Resource], state: Recorded, gone: Sequence[str], now: datetime
) -> Iterator[str]:
    """Says what is wrong with a stack whose state is known."""
    for cluster in gone:
        yield f"cluster {cluster} of its state is gone"
    if state.pending:
        yield f"interrupted: {len(state.pending)} operations of its state did not end"
    left = [item for item in judge(items, State(stack, state.ids, state.saved)).left if item.billable]
    if left:
        kinds = Counter(item.kind for item in left)
        what = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        yield f"outside its state and its cluster: {what}, {cost(left)}"
    if state.expires and state.expires <= now:
        yield f"its kubeconfig expired on {state.expires:%Y-%m-%d}"


def lines(described: Sequence[Row], audit: ProjectAudit, asked: Asked) -> list[str]:
    """Formats the table for people; the last line has the sum, and who was asked."""
    names = Counter(row.stack.stack for row in described)
    cells: list[Sequence[str]] = [_HEAD]
    for row in described:
        name = row.stack.stack if names[row.stack.stack] == 1 else f"{row.stack.stack} ({row.stack.id or 'no id'})"
        cells.append(row.cells(name, asked.when))
    items = {item.id: item for held, _ in audit.stacks.values() for item in held}
    count = f"{len(described)} {'stack' if len(described) == 1 else 'stacks'} of {audit.project}"
    return [
        *(aligned(cells, _RIGHT) if described else []),
        *audit.owner_lines(),
        f"{count}: {costing([*items.values()])} ({asked})",
    ]


def _until(end: datetime | None, now: datetime) -> str:
    if end is None:
        return "-"
    span = age(min(end, now), max(end, now))
    return "now" if span == NEW else f"{span} ago" if end < now else f"in {span}"


def _per_day(prices: Sequence[Decimal | None]) -> Decimal:
    return sum((price for price in prices if price is not None), Decimal(0)) * 24 / HOURS_PER_MONTH


@click.command(short_help="List the project's stacks that hold something in the cloud.")
@click.option("--zone", "zones", multiple=True, help="Look into this zone only; can be repeated.  [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def stacks(zones: tuple[str, ...], as_json: bool) -> None:
    """List the project's stacks that hold something in the cloud: owner, zone, age, when it expires, when its state was
    last written, nodes, CHF a day, and what is wrong.

    Works without a backend, too, for an overview of the account; what is wrong with a stack only its state says.
    """
    folder = Path.cwd()
    name, backend = project(folder), Pulumi(folder)
    unasked = _unreachable(backend)
    everywhere = accounts(None, zones)
    home = next(iter(everywhere.values())).organization()
    audit = of_project(everywhere, name, None if unasked else backend)
    asked = Asked.now(everywhere, home)
    described = rows(audit, everywhere.keys(), asked.when, {} if unasked else expiries(audit, backend))
    if as_json:
        table = {"project": name, "backend": unasked or None, "stacks": [row.document() for row in described]}
        sums = {"by-owner": audit.costs_by_owner}
        whom = {"zones": list(everywhere), "asked": asked.whom, "organization": str(home)}
        click.echo(json.dumps({**table, **sums, **whom}, indent=2))
        return
    if unasked:
        click.echo(f"the backend did not answer, so what is wrong is not known: {unasked}", err=True)
    click.echo("\n".join(lines(described, audit, asked)))


def _unreachable(backend: Backend) -> str:
    """Why the backend does not answer; empty if it does."""
    try:
        backend.stacks()
    except TeardownError as error:
        return str(error)
    return ""
