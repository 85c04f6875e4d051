"""How much of two starts is saved by naming Kubernetes objects by path, not by the official client's typed methods.

    .venv/bin/python bench/typed_client.py [--rounds 5]

Each command is started in a process of its own, as it is and with the typed classes loaded that it would use. A destroy
starts the drain's ten times, `make up` the sandbox once. Each command's line ends with the ratio of the two medians.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import click

PROJECT = Path(__file__).parents[1]
STARTS = {"drain": "import components.teardown.drain", "sandbox": "import sandbox.sandbox"}
TYPED = "; from kubernetes.client import AdmissionregistrationV1Api, CoreV1Api"


def seconds(code: str) -> float:
    """How long a Python takes that runs this."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
    return time.perf_counter() - began


@click.command()
@click.option("--rounds", default=5, show_default=True)
def main(rounds: int) -> None:
    for name, by_path in STARTS.items():
        seconds(by_path + TYPED)  # the first one compiles
        taken = [(seconds(by_path), seconds(by_path + TYPED)) for _ in range(rounds)]
        ours, typed = (statistics.median(durations) for durations in zip(*taken, strict=True))
        click.echo(f"{name}: by path {ours:.2f} s, by typed methods {typed:.2f} s, ratio {typed / ours:.2f}")


if __name__ == "__main__":
    main()
