"""How long a stack's `up` and `destroy` take beside what the cloud itself takes, and what they wait for.

    .venv/bin/python -m bench.schedule [--pace realistic] [--svg docs/schedule.svg]

One sandbox of its own runs our program and then a bare one: the same resources without our commands, the NLB made by
the CCM (`bench/bare.py`). Every command of the engine is a process of its own, as in a terminal, so the program's
imports count. Printed are each command's critical path and two ratios:

- `up`, to the cloud's own critical path: what control plane, nodepool and release took in that run, added up;
- `destroy` without the drain, to the bare program's destroy.
"""

import compileall
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from bench.bare import Bare
from bench.gantt import drawn
from bench.imports import seconds_by_package
from bench.timeline import Run, Timeline, critical_path
from runner.charts import stand_in
from sandbox import daemon
from sandbox.cli import Pace
from sandbox.environment import forget_foreign
from sandbox.home import Record

PROJECT = Path(__file__).parents[1]
CLOUDS_OWN = ("SksCluster", "SksNodepool", "Release")  # each needs the one before it, whatever the program
UP_AT_MOST, DESTROY_AT_MOST = 1.05, 1.1
TOP_PACKAGES = 5


@dataclass(frozen=True)
class Subject:
    """A stack to be measured.

    Args:
        record: the sandbox's.
        home: the sandbox's folder.
        name: the stack's.
        project: folder of its `Pulumi.yaml`.
        program: what to run instead of the project's `__main__.py`.
        config: settings that differ from those of the sandbox's stack.
    """

    record: Record
    home: Path
    name: str
    project: Path
    program: Callable[[], None] | None = None
    config: dict[str, Any] = field(default_factory=dict)

    def run(self, verb: str) -> Run:
        """One command of the engine, in a new process."""
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            return process.submit(_run, self, verb, time.monotonic()).result()


def _run(subject: Subject, verb: str, began: float) -> Run:
    from runner.stack import SandboxStack
    from sandbox.plugins.timing import Timing

    environment = subject.record.environment()
    forget_foreign(os.environ)
    os.environ.update(environment)
    stack = SandboxStack(
        subject.home,
        subject.project,
        subject.name,
        environment,
        subject.config,
        subject.program,
        Timing.of(subject.record.pace),
    )
    timeline = Timeline(began)
    getattr(stack, verb)(on_event=timeline)
    return Run(time.monotonic() - began, timeline.operations)


def report(title: str, run: Run, least_share: float = 0.01) -> None:
    """Prints a run and what it waited for; operations that took less than that share are summed up."""
    path = critical_path(run.operations)
    click.echo(f"{title}: {run.seconds:.1f} s")
    named = [one for one in path if one.seconds >= least_share * run.seconds]
    for one in named:
        click.echo(f"  {one.seconds:6.1f} s  {one}, from {one.began:.1f} s on")
    click.echo(f"  {sum(one.seconds for one in path if one not in named):6.1f} s  shorter operations between them")
    click.echo(f"  {run.seconds - sum(one.seconds for one in path):6.1f} s  start, end, and the engine's own work")


def ours(record: Record, home: Path) -> dict[str, Run]:
    """Our program's commands, in a stack's order."""
    config: dict[str, Any] = {
        "exoscale-sks:demo": False,  # a bare program has none
        "exoscale-sks:kubeconfig": {"file": str(home / "ours.kubeconfig")},
        "exoscale-sks:ingress": {"chart": str(stand_in("nginx-ingress", home / "charts"))},
    }
    stack = Subject(record, home, "ours", PROJECT, config=config)
    commands = {"up": "up", "up of what is there": "up", "preview": "preview", "destroy": "destroy"}
    return {title: stack.run(verb) for title, verb in commands.items()}


def bare(record: Record, home: Path) -> dict[str, Run]:
    """The bare program's `up` and `destroy`."""
    project = home / "bare"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: bare\nruntime: python\n")
    stack = Subject(record, home, "bare", project, Bare(str(stand_in("nginx-ingress", home / "charts"))))
    return {f"bare {verb}": stack.run(verb) for verb in ("up", "destroy")}


def verdict(claim: str, ratio: float, at_most: float) -> None:
    """Prints a ratio beside what it is to be."""
    click.echo(f"{claim}: {ratio:.3f}, {'as' if ratio <= at_most else 'NOT as'} claimed (at most {at_most})")


def compiled() -> None:
    """Compiles what is imported from this checkout, which Python does once and an `up` should not be charged with."""
    for package in ("bench", "components", "configuration", "runner", "sandbox", "tools"):
        compileall.compile_dir(PROJECT / package, quiet=1)


def imports() -> None:
    """Prints whose imports the program's start consists of."""
    found = seconds_by_package(PROJECT / "__main__.py")
    whole = sum(found.values())
    click.echo(f"the program's imports: {whole:.2f} s")
    for package, seconds in sorted(found.items(), key=lambda item: item[1], reverse=True)[:TOP_PACKAGES]:
        click.echo(f"  {seconds / whole:6.0%}  {package}")


@click.command()
@click.option("--pace", type=Pace(), default="realistic", show_default=True)
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Where to draw our up and destroy.")
def main(pace: float, svg: Path | None) -> None:
    compiled()
    imports()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        record = daemon.start(home, pace, click.echo, os.getpid())
        try:
            runs = ours(record, home) | bare(record, home)
        finally:
            daemon.stop(home)
    for title, run in runs.items():
        report(title, run)
    up, destroy, bare_up, plain = (runs[title] for title in ("up", "destroy", "bare up", "bare destroy"))
    clouds, drain = up.took(*CLOUDS_OWN), destroy.took("Drain")
    verdict("up / control plane + nodepool + release", up.seconds / clouds, UP_AT_MOST)
    verdict("destroy without the drain / bare destroy", (destroy.seconds - drain) / plain.seconds, DESTROY_AT_MOST)
    click.echo(f"destroy with the drain / bare destroy: {destroy.seconds / plain.seconds:.3f}")
    click.echo(
        f"bare up / its own control plane + nodepool + release: {bare_up.seconds / bare_up.took(*CLOUDS_OWN):.3f}"
    )
    if svg:
        svg.write_text(drawn({"pulumi up": up, "pulumi destroy": destroy}))
        click.echo(f"drawn: {svg}")


if __name__ == "__main__":
    main()
