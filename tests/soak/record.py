"""What the soak prints, keeps and draws. The record is the CSV: a later call with the same file goes on from there."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.soak.plan import Plan
from tests.soak.run import WAYS, Result

Row = dict[str, str]
# How often it was run, whether the last one succeeded, what the cloud still holds, what of others changed.
_ENDED = ("destroys", "gone", "leaked", "touched")
COLUMNS = (
    "seed",
    "run",
    "settings",
    "users",
    "neighbours",
    "faults",
    *(f"{way} {what}" for way in WAYS for what in _ENDED),
)


def row(seed: int, plan: Plan, results: Iterable[Result]) -> Row:
    """One run, as a line of the record. The faults are those that happened to this program."""
    settings = [plan.controller, "managed" if plan.managed else "ccm", f"pools {'+'.join(map(str, plan.pools))}"]
    settings += [] if plan.locked else ["no lock"]
    found = dict.fromkeys(COLUMNS, "")
    found |= {
        "seed": str(seed),
        "run": str(plan.number),
        "settings": ", ".join(settings),
        "users": ", ".join(plan.users),
        "neighbours": ", ".join(plan.neighbours),
    }
    for result in results:
        found[f"{result.way} destroys"] = str(result.destroys)
        found[f"{result.way} gone"] = "no" if result.stuck else "yes"
        found[f"{result.way} leaked"] = _counts(result.leaked)
        found[f"{result.way} touched"] = "; ".join(result.touched)
        if result.way == WAYS[0]:
            found["faults"] = "; ".join(result.events)
    return found


def line(plan: Plan, result: Result, done: int, runs: int) -> str:
    """One result, as progress."""
    left = _counts(result.leaked) or "nothing"
    touched = f", TOUCHED {'; '.join(result.touched)}" if result.touched else ""
    stuck = f", stuck: {' '.join(result.stuck)}" if result.stuck else ""
    how = f"{result.destroys} destroy{'s' if result.destroys > 1 else ''}{stuck}, {result.seconds:.0f} s"
    faults = "; ".join(result.events) or "no fault"
    return f"[{done}/{runs}] run {plan.number}, {result.way}: {left} left{touched} ({how}; {faults})"


def read(file: Path | None, seed: int) -> dict[int, Row]:
    """The runs of this seed that are on record, by their numbers."""
    if file is None or not file.exists():
        return {}
    with file.open(newline="") as stream:
        return {int(found["run"]): found for found in csv.DictReader(stream) if found["seed"] == str(seed)}


def write(file: Path, rows: Iterable[Row]) -> None:
    """The record, one line per run, in the order of their numbers."""
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda found: int(found["run"])))


@dataclass(frozen=True)
class Tally:
    """One way in all runs of a record.

    Args:
        runs: how many were run in this way.
        leaking: in how many of them it left something billable.
        silent: in how many of those the last destroy had reported success.
        leaked: how many billable things it left in all of them.
        touched: how many things of others it changed or deleted in all of them.
    """

    runs: int
    leaking: int
    silent: int
    leaked: int
    touched: int


def tally(rows: Iterable[Row], way: str) -> Tally:
    """Counts what one way left and touched."""
    of_way = [found for found in rows if found[f"{way} gone"]]
    leaking = [found for found in of_way if found[f"{way} leaked"]]
    return Tally(
        runs=len(of_way),
        leaking=len(leaking),
        silent=sum(found[f"{way} gone"] == "yes" for found in leaking),
        leaked=sum(_number(found[f"{way} leaked"]) for found in leaking),
        touched=sum(len(_parts(found.get(f"{way} touched", ""))) for found in of_way),
    )


def faults(rows: Iterable[Row]) -> int:
    """Counts the faults that happened to this program."""
    return sum(len(_parts(found["faults"])) for found in rows)


def summary(rows: Sequence[Row]) -> str:
    """The last line: runs, faults, and what this program leaked; the classic way beside it."""
    parts = [
        f"{way}: {found.leaked} leaked billable objects in {found.leaking} runs"
        f" ({found.leaking / found.runs:.0%}), in {found.silent} of them though destroy had reported success, "
        f"and {found.touched} things of others touched"
        for way in WAYS
        if (found := tally(rows, way)).runs
    ]
    return f"{len(rows)} runs, {faults(rows)} faults; {'; '.join(parts)}"


def draw(file: Path, rows: Iterable[Row]) -> None:
    """Leaked billable things over the runs, summed up, one curve per way."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4))
    ordered = sorted(rows, key=lambda found: int(found["run"]))
    for way in WAYS:
        curve = [0]
        for found in ordered:
            curve.append(curve[-1] + _number(found[f"{way} leaked"]))
        axes.step(range(len(curve)), curve, where="post", label=f"{way}: {curve[-1]}")
    axes.set(xlabel="runs", ylabel="billable things left in the cloud, summed up")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def _parts(listed: str) -> list[str]:
    return listed.split("; ") if listed else []


def _counts(by_kind: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in by_kind.items())


def _number(counts: str) -> int:
    return sum(int(kind.split()[0]) for kind in counts.split(", ")) if counts else 0
