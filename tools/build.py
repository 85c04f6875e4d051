"""Builds a tool from the Go module proxy, pinned by its `go.sum`."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tools.pins import HERE, Tool

_PROGRESS_SECONDS = 10
# Go's compiler spends a fifth of its time collecting garbage at the default of 100; a process takes under 1 GiB so.
_COMPILER = {"GOGC": "400"}


class BuildFailed(Exception):
    """The compiler refused; the message holds its last lines."""


def build(tool: Tool, into: Path, say: Callable[[str], None]) -> None:
    """Compiles every binary of the tool into a folder, telling every 10 s how far it is.

    Raises:
        BuildFailed: with the end of the compiler's output.
    """
    flags = " ".join(["-s -w", *(f"-X {tool.fill(stamp)}" for stamp in tool.stamps)])
    started = reported = time.monotonic()
    tail: list[str] = []
    packages = 0
    # Several binaries are called like their packages, and built at once: while one is linked, others compile.
    output = f"{into}/" if len(tool.binaries) > 1 else str(into / next(iter(tool.binaries)))
    options = ["-v", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", output]
    with subprocess.Popen(
        ["go", "build", *options, *tool.binaries.values()],
        cwd=HERE / tool.name,
        env={**os.environ, **_COMPILER, "CGO_ENABLED": "0", "GOFLAGS": ""},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None  # noqa: S101 - we asked for a pipe
        for line in process.stderr:  # -v names each package as it is compiled
            tail = [*tail[-20:], line]
            packages += 1
            if time.monotonic() - reported > _PROGRESS_SECONDS:
                reported = time.monotonic()
                say(f"building: {packages} packages, {reported - started:.0f} s")
    if process.returncode:
        raise BuildFailed(f"building {tool.name} {tool.version} failed:\n{''.join(tail)}")
    say(f"built from source in {time.monotonic() - started:.0f} s")
