"""The record of the last comparison, docs/fidelity.csv, and the page that is made of it, docs/fidelity.md."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tests.compare.operations import by_family

DOCS = Path(__file__).parents[2] / "docs"
CSV = DOCS / "fidelity.csv"
PAGE = DOCS / "fidelity.md"


@dataclass(frozen=True)
class Row:
    """One client in one comparison.

    Args:
        missing: operations that were answered 501, with spaces between them.
        failed: commands that did not end well.
        differences: properties that differ from what the stand-ins write; for the plugins only.
    """

    date: str
    client: str
    version: str
    calls: int
    passed: int
    failed: int
    missing: str = ""
    differences: int = 0


def read(file: Path = CSV) -> list[Row]:
    """The rows of the record, none where there is no file."""
    if not file.exists():
        return []
    kinds = {field.name: field.type for field in fields(Row)}
    with file.open(newline="") as rows:
        return [
            Row(**{name: int(value) if kinds[name] is int else value for name, value in row.items()})
            for row in csv.DictReader(rows)
        ]


def write(rows: Iterable[Row], file: Path = CSV) -> None:
    """Keeps the newest row of each client."""
    newest: dict[str, Row] = {row.client: row for row in [*read(file), *rows]}
    with file.open("w", newline="") as out:
        table = csv.DictWriter(out, [field.name for field in fields(Row)], lineterminator="\n")
        table.writeheader()
        table.writerows(asdict(row) for row in sorted(newest.values(), key=lambda row: row.client))


def worse(before: Mapping[str, Row], now: Row) -> list[str]:
    """What a client finds that it did not find when the record was made, a line each."""
    known = before.get(now.client)
    if known is None:
        return []
    lines = [f"{now.client}: {name} is answered 501" for name in set(now.missing.split()) - set(known.missing.split())]
    for what in ("failed", "differences"):
        if getattr(now, what) > getattr(known, what):
            lines.append(f"{now.client}: {what} {getattr(now, what)}, {getattr(known, what)} on record")
    return sorted(lines)


def page(rows: Iterable[Row]) -> str:
    """The page. It depends on nothing but the OpenAPI document, the sandbox's operations and the record."""
    families = by_family()
    served = sum(len(ours) for ours, _ in families.values())
    total = served + sum(len(missing) for _, missing in families.values())
    return "\n".join(
        [
            "# How near the sandbox is to Exoscale",
            "",
            "Written by `python -m tests.compare --page`; a test refuses an old one. What is served and yet",
            "differs is in [sandbox/README.md](../sandbox/README.md), with what is assumed.",
            "",
            "## Operations",
            "",
            f"The OpenAPI document has {total}: {served} are served, {total - served} answer 501 and name themselves.",
            "",
            "| family | served | 501 | which are not |",
            "|---|---|---|---|",
            *(
                f"| `{family}` | {len(ours)} | {len(missing)} | {_named(missing) if ours else 'all'} |"
                for family, (ours, missing) in families.items()
            ),
            "",
            "## Real clients",
            "",
            "`make compare` runs those that `PATH` has, each against a sandbox of its own, and keeps the newest row.",
            "",
            *_clients(list(rows)),
            "",
        ]
    )


def _named(operations: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in operations)


def _clients(rows: list[Row]) -> list[str]:
    if not rows:
        return ["No comparison is on record yet."]
    return [
        "| client | version | on | calls | commands that passed | failed | answered 501 | properties that differ |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {row.client} | {row.version} | {row.date} | {row.calls} | {row.passed} | {row.failed} "
            f"| {_named(row.missing.split())} | {row.differences} |"
            for row in rows
        ),
    ]
