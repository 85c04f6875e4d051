"""Builds a tool from the Go module proxy, pinned by its `go.sum`."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.pins import HERE, Tool

_PROGRESS_SECONDS = 10
# Go's compiler spends a fifth of its time collecting garbage at the default of 100; a process takes under 1 GiB so.
_COMPILER = {"GOGC": "400"}
# The linker drops what a debugger needs (`-w`), and making it is an eighth of the compiler's work.
_NO_DEBUGGER = ["-gcflags", "all=-dwarf=false"]


class BuildFailed(Exception):
    """The compiler refused; the message holds its last lines."""


def build(tool: Tool, into: Path, say: Callable[[str], None]) -> None:
    """Compiles every binary of the tool into a folder, telling every 10 s how far it is and how long the rest takes.

    Raises:
        BuildFailed: with the end of the compiler's output.
    """
    flags = " ".join(["-s -w", *(f"-X {tool.fill(stamp)}" for stamp in tool.stamps)])
    options = ["-mod=readonly", "-trimpath", "-ldflags", flags, *_NO_DEBUGGER]
    # Several binaries are called like their packages, and built at once: while one is linked, others compile.
    output = f"{into}/" if len(tool.binaries) > 1 else str(into / next(iter(tool.binaries)))
    started = time.monotonic()
    stale = _stale(tool, options, say)
    _compile(tool, [*options, "-o", output], stale, say)
    say(f"built from source in {time.monotonic() - started:.0f} s")


def _stale(tool: Tool, options: list[str], say: Callable[[str], None]) -> set[str]:
    """The packages that Go has not compiled yet, on this machine or for another tool. Fetches their sources."""
    progress = _Progress()
    modules = 0
    stale = set()
    for line in _go(tool, "list", [*options, "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}"]):
        if line.startswith("go: downloading "):
            modules += 1
            if seconds := progress.due():
                say(f"downloading sources: {modules} modules, {seconds:.0f} s")
        elif line and not line.startswith("go: "):
            stale.add(line)
    return stale


def _compile(tool: Tool, options: list[str], stale: set[str], say: Callable[[str], None]) -> None:
    progress = _Progress()
    begun = 0
    for line in _go(tool, "build", ["-v", *options]):  # -v names each package as its compilation begins
        begun += line in stale
        if begun and (seconds := progress.due()):
            left = _left(begun, len(stale), seconds)
            say(f"building: {begun:,} of {len(stale):,} packages, {seconds:.0f} s, {left}")


def _go(tool: Tool, verb: str, arguments: list[str]) -> Iterator[str]:
    """The lines that a command of Go prints about the tool's packages.

    Raises:
        BuildFailed: it failed.
    """
    tail: list[str] = []
    with subprocess.Popen(
        ["go", verb, *arguments, *tool.binaries.values()],
        cwd=HERE / tool.name,
        env={**os.environ, **_COMPILER, "CGO_ENABLED": "0", "GOFLAGS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - we asked for a pipe
        for line in process.stdout:
            tail = [*tail[-20:], line]
            yield line.strip()
    if process.returncode:
        raise BuildFailed(f"building {tool.name} {tool.version} failed:\n{''.join(tail)}")


class _Progress:
    """When to tell how far something is."""

    def __init__(self) -> None:
        self._started = self._told = time.monotonic()

    def due(self) -> float:
        """The seconds since the start when it is time to tell, every 10 s; else 0."""
        now = time.monotonic()
        if now - self._told < _PROGRESS_SECONDS:
            return 0
        self._told = now
        return now - self._started


def _left(done: int, total: int, seconds: float) -> str:
    """The time that the rest takes if it takes as long per package as what was done."""
    if done == total:
        return "linking"
    left = seconds * (total - done) / done
    return f"about {left / 60:.0f} min left" if left > 90 else f"about {max(10, round(left, -1)):.0f} s left"
