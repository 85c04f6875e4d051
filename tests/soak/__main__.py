"""`python -m tests.soak`: carries out many plans in both ways and keeps the record."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import click

from tests.soak import record, worker
from tests.soak.plan import Plans
from tests.soak.run import WAYS


@click.command()
@click.option("-n", "--runs", default=20, show_default=True, help="How many runs.")
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same runs.")
@click.option("--first", default=1, show_default=True, help="Number of the first run, to replay one.")
@click.option("--jobs", default=2, show_default=True, help="Runs at a time, each on a sandbox of its own.")
@click.option("--way", "ways", multiple=True, type=click.Choice(WAYS), help="Only this way; both by default.")
@click.option(
    "--csv",
    type=click.Path(path_type=Path),
    help="The record; runs that it holds are not run again.",
)
@click.option("--plot", type=click.Path(path_type=Path), help="Where to draw the record, an SVG.")
def main(
    runs: int, seed: int, first: int, jobs: int, ways: tuple[str, ...], csv: Path | None, plot: Path | None
) -> None:
    """Destroy random stacks under random faults and beside neighbours, by this program and in the classic way;
    count what leaks, and what of others is touched.

    Exit status 1 when this program left or touched anything.
    """
    rows = record.read(csv, seed)
    work = [Plans(seed).plan(number) for number in range(first, first + runs) if number not in rows]
    done = 0
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, spawn, worker.start) as pool:
        for future in as_completed([pool.submit(worker.carry_out, plan, ways or WAYS) for plan in work]):
            plan, results = future.result()
            done += 1
            for result in results:
                click.echo(record.line(plan, result, done, len(work)))
            rows[plan.number] = record.row(seed, plan, results)
            if csv:
                record.write(csv, rows.values())
    if plot:
        record.draw(plot, rows.values())
    click.echo(record.summary(list(rows.values())))
    ours = record.tally(rows.values(), "ours")
    sys.exit(1 if ours.leaked + ours.touched else 0)


if __name__ == "__main__":
    main()
