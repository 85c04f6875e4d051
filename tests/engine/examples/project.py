"""A Pulumi project that is not in this checkout and has the library from its wheel."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.backend import Backend
from sandbox.environment import forget_foreign
from sandbox.plugins.host import PluginHost
from sandbox.plugins.provider import Provider
from sandbox.sandbox import Sandbox
from tools import path_of

CHECKOUT = Path(__file__).parents[3]
UV = Path(sys.executable).parent / "uv"
RUN = Path(__file__).parent / "run.py"


def built(folder: Path) -> Path:
    """The wheel, built from a copy of what it is made of."""
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, source)
    shutil.copytree(CHECKOUT / "components", source / "components", ignore=shutil.ignore_patterns("__pycache__"))
    _uv("build", "--quiet", "--wheel", "--out-dir", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    return wheel


def installed(wheel: Path, folder: Path) -> Path:
    """A virtual environment with nothing but the wheel and what it needs, at the versions of constraints.txt."""
    _uv("venv", "--quiet", "--python", sys.executable, str(folder))
    constraints = ("--constraints", str(CHECKOUT / "constraints.txt"))
    _uv("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *constraints, str(wheel))
    return folder


class Project:
    """A copy of one of the examples.

    Args:
        folder: where it is copied to.
        example: folder of the example; None: nothing but what a destroy needs.
        virtualenv: that it gets as its own.
        environment: of the sandbox.
        chart: that takes the official one's place.
    """

    def __init__(
        self, folder: Path, example: Path, virtualenv: Path, environment: Mapping[str, str], chart: Path
    ) -> None:
        self.folder = folder
        shutil.copytree(example, folder)
        (folder / ".venv").symlink_to(virtualenv)
        self._environment = {**environment, "CHART": str(chart)}

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Runs `exoscale-sks` there."""
        return self._run(self.folder / ".venv" / "bin" / "exoscale-sks", *arguments)

    def pulumi(self, verb: str) -> str:
        """Brings the stack `dev` up, or destroys it; what was printed."""
        done = self._run(self.folder / ".venv" / "bin" / "python", RUN, verb)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def destroy(self) -> str:
        """A plain `pulumi destroy`, which runs no program; all that was printed."""
        done = self._run(path_of("pulumi"), "destroy", "--yes", "--stack", "dev", "--non-interactive")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _run(self, *command: "str | Path") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            list(map(str, command)),
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )


@contextmanager
def surroundings(sandbox: Sandbox, providers: list[Provider[Any]], folder: Path) -> Iterator[dict[str, str]]:
    """Variables by which an engine finds the sandbox, its backend and plugins' stand-ins, and nothing of a user's."""
    backend = Backend(sandbox.home)
    backend.prepare()
    own = dict(os.environ)
    forget_foreign(own, "PULUMI_")
    own.pop("PYTHONPATH", None)
    folder.mkdir(exist_ok=True)
    with PluginHost(providers, folder, sandbox.environment()) as host:
        yield {
            **own,
            **sandbox.environment(),
            **backend.variables(),
            "PATH": f"{path_of('pulumi').parent}{os.pathsep}{own['PATH']}",
            "PULUMI_DEBUG_PROVIDERS": host.debug_providers,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }


def _uv(*arguments: str) -> None:
    done = subprocess.run(
        [str(UV), "--system-certs", *arguments], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
