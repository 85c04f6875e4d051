"""One process of the soak: a sandbox of its own, on which it carries out one plan after the other."""

import logging
import os
import tempfile
from collections.abc import Sequence
from multiprocessing.util import Finalize
from pathlib import Path

from runner.charts import stand_in
from sandbox.sandbox import Sandbox
from tests.soak.plan import Plan
from tests.soak.run import Result, Runner

_runner: Runner


def start() -> None:
    """Brings up this process's sandbox, which ends with the process."""
    global _runner
    home = Path(tempfile.mkdtemp(prefix="soak-"))
    # Its parts would tell of every fault that was armed on purpose, between the lines of the runs.
    logging.getLogger("sandbox").addHandler(logging.NullHandler())
    sandbox = Sandbox(home / "sandbox")
    sandbox.start()
    Finalize(sandbox, sandbox.stop, exitpriority=1)
    os.environ.update(sandbox.environment())
    _runner = Runner(sandbox, home, lambda name: stand_in(name, home / "charts"))


def carry_out(plan: Plan, ways: Sequence[str]) -> tuple[Plan, tuple[Result, ...]]:
    """Runs the plan in each of these ways."""
    return plan, tuple(_runner.run(plan, way) for way in ways)
