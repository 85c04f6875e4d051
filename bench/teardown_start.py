"""How much of its start `python -m teardown` saves by naming objects by path, not by the client's typed methods.

    .venv/bin/python bench/teardown_start.py [--rounds 5]

Both start the same drain command in a process of its own; one of them loads the typed classes on top that it would use.
A destroy starts it about ten times. The last line is the ratio of the two medians.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import click

PROJECT = Path(__file__).parents[1]
PATHS = "import teardown.drain"
TYPED = f"{PATHS}; from kubernetes.client import AdmissionregistrationV1Api, CoreV1Api"


def seconds(code: str) -> float:
    """How long a Python takes that runs this."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
    return time.perf_counter() - began


@click.command()
@click.option("--rounds", default=5, show_default=True)
def main(rounds: int) -> None:
    seconds(TYPED)  # the first one compiles
    taken: dict[str, list[float]] = {PATHS: [], TYPED: []}
    for _ in range(rounds):
        for code, durations in taken.items():
            durations.append(seconds(code))
    by_path, typed = (statistics.median(durations) for durations in taken.values())
    click.echo(f"by path {by_path:.2f} s, by typed methods {typed:.2f} s, medians of {rounds}")
    click.echo(f"ratio {typed / by_path:.2f}")


if __name__ == "__main__":
    main()
