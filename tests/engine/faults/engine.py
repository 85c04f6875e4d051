"""`pulumi up` or `destroy` in a process of its own, which can be killed as a person kills a terminal.

Run as a module it is that process; its standard input says what to do.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

PROJECT = Path(__file__).parents[3]
SECONDS = 240


@dataclass(frozen=True)
class Run:
    """What to run.

    Args:
        verb: `up` or `destroy`.
        home: of the sandbox, where the stack's state is.
        environment: variables on top of this process's own; an empty one is as good as none.
        options: of the Automation API's `up` or `destroy`.
        project: the checkout whose code runs.
    """

    verb: str
    home: str
    name: str
    environment: Mapping[str, str]
    config: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    project: str = str(PROJECT)


class Engine:
    """One run under way, with all the processes that it starts."""

    def __init__(self, run: Run) -> None:
        environment = {**os.environ, **run.environment}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=run.project,
            env={name: value for name, value in environment.items() if value},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(run)))
        self._process.stdin.close()

    def kill(self) -> None:
        """SIGKILL for the engine, the plugins and the commands that they run."""
        os.killpg(self._process.pid, signal.SIGKILL)

    def pause(self) -> None:
        """Stops all of them where they are."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Lets them go on."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def wait(self) -> tuple[int, str]:
        """Exit status and all that it printed, once the last of its processes has ended."""
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            printed = stream.read()
        return self._process.wait(SECONDS), printed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process.poll() is None:
            self.kill()
            self.wait()


def main() -> None:
    from pulumi import automation

    from runner.stack import SandboxStack
    from sandbox.clock import FAST
    from sandbox.plugins.timing import Timing

    run = Run(**json.load(sys.stdin))
    stack = SandboxStack(
        Path(run.home), Path(run.project), run.name, run.environment, config=dict(run.config), timing=Timing.of(FAST)
    )
    try:
        getattr(stack, run.verb)(on_output=print, on_error=print, **run.options)
    except automation.CommandError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
