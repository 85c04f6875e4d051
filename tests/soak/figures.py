"""`python -m tests.soak.figures`: writes what the soak's record says into the documents that cite it."""

import csv
import textwrap
from collections.abc import Sequence
from pathlib import Path

from tests.soak.record import Row, Tally, faults, tally

PROJECT = Path(__file__).parents[2]
RECORD = PROJECT / "docs" / "soak.csv"
CITING = (PROJECT / "README.md", PROJECT / "docs" / "guarantees.md")
BEGIN, END = "<!-- figures of docs/soak.csv -->\n", "<!-- end of figures -->\n"


def recorded() -> list[Row]:
    """Every run on record, whatever its seed."""
    with RECORD.open(newline="") as stream:
        return list(csv.DictReader(stream))


def sentence(rows: Sequence[Row]) -> str:
    """The record in a paragraph of Markdown."""
    ours, classic = tally(rows, "ours"), tally(rows, "classic")
    said = (
        f"In **{_some(ours.runs, 'recorded run')}** with {_some(faults(rows), 'fault')}, this program left "
        f"{_outcome(ours)}. The classic way left {_outcome(classic)}."
    )
    return f"{textwrap.fill(said, 120)}\n"


def written(text: str, rows: Sequence[Row]) -> str:
    """A document with the figures of this record.

    Raises:
        ValueError: it has no place for them.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"no lines {BEGIN.strip()} and {END.strip()}")
    return f"{head}{begin}{sentence(rows)}{end}{tail}"


def _outcome(of_way: Tally) -> str:
    left = f"**{_some(of_way.leaked, 'billable resource')}** behind"
    if of_way.leaked:
        left += f" in {of_way.leaking} of the runs (in {of_way.silent} of these, the destroy had reported success)"
    return f"{left} and touched **{_some(of_way.touched, 'resource')}** of others"


def _some(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    for document in CITING:
        document.write_text(written(document.read_text(), recorded()))
