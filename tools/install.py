"""Puts a tool into the cache: from PATH, from its publisher, or built from source, in that order."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from tools import build, download
from tools.pins import TOOLS, Tool

Say = Callable[[str], None]


class Unavailable(Exception):
    """The tool cannot be had on this machine; the message says what to install."""


def cache() -> Path:
    """Where tools are kept, outside any checkout: `$EXOSCALE_SKS_CACHE`, else the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("EXOSCALE_SKS_CACHE") or Path(base) / "exoscale-sks")


def tool_of(binary: str) -> Tool:
    """The tool that provides this binary.

    Raises:
        LookupError: no tool does.
    """
    for tool in TOOLS:
        if binary in tool.binaries:
            return tool
    raise LookupError(f"no tool provides {binary}")


def path_of(binary: str) -> Path:
    """The installed binary.

    Raises:
        Unavailable: it is not installed yet; the message says how.
    """
    path = _folder(tool_of(binary)) / binary
    if not path.exists():
        raise Unavailable(f"{binary} is not installed yet: run `make tools`")
    return path


def install(tool: Tool, say: Say) -> None:
    """Installs all binaries of a tool, unless they are there. Safe to run twice at once, and to kill.

    Args:
        say: takes one line of progress at a time.

    Raises:
        Unavailable: no source has it.
    """
    folder = _folder(tool)
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if folder.exists():
            return
        # Complete or absent: the folder appears by one rename, so that a killed build leaves no half tool.
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{tool.name}-") as scratch:
            into = Path(scratch) / "bin"
            into.mkdir()
            _fill(tool, into, say)
            into.rename(folder)


def _fill(tool: Tool, into: Path, say: Say) -> None:
    if _from_path(tool, into):
        say("found on PATH")
        return
    try:
        if download.fetch(tool, into):
            say("downloaded from its publisher, checksum verified")
            return
    except download.Unreachable as reason:
        say(f"{reason}; building it from source instead")
    if shutil.which("go") is None:
        raise Unavailable(f"{tool.name} {tool.version} is built from source: install Go 1.26 or newer from go.dev/dl")
    build.build(tool, into, say)


def _from_path(tool: Tool, into: Path) -> bool:
    found = {binary: shutil.which(binary) for binary in tool.binaries}
    for binary, path in found.items():
        if path is None or not _has_version(tool, path):
            return False
        (into / binary).symlink_to(Path(path).resolve())
    return True


def _has_version(tool: Tool, path: str) -> bool:
    try:
        answer = subprocess.run([path, *tool.version_args], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tool.version[1:] in answer.stdout


def _folder(tool: Tool) -> Path:
    return cache() / "tools" / f"{tool.name}-{tool.version}"
