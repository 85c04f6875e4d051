"""Puts a tool into the cache: from PATH, from its publisher, or built from source, in that order."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from tools import build, download, record
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
    """The installed binary, which is the one that was installed: see `record`.

    Raises:
        Unavailable: it is not; the message says what is wrong and what to run.
    """
    tool = tool_of(binary)
    folder = _folder(tool)
    if not folder.exists():
        raise Unavailable(f"{binary} is not installed yet: run `make {tool.target}`")
    if fault := record.fault(folder, binary):
        raise Unavailable(f"{folder / binary} {fault}: run `make {tool.target}`")
    return folder / binary


def is_installed(tool: Tool) -> bool:
    """Whether all its binaries are there and look as they were installed; reads none of them."""
    return record.is_current(_folder(tool), tool.binaries)


def install(tool: Tool, say: Say) -> None:
    """Installs the binaries of a tool that are missing or not as installed. Safe to run twice at once, and to kill.

    Args:
        say: takes one line of progress at a time.

    Raises:
        Unavailable: no source has it.
    """
    if is_installed(tool):
        return
    folder = _folder(tool)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder, say):
        kept = record.sound(folder, tool.binaries)
        missing = {binary: package for binary, package in tool.binaries.items() if binary not in kept}
        if not missing:
            record.write(folder, kept)
            return
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{tool.name}-") as scratch:
            into = Path(scratch) / "bin"
            into.mkdir()
            _fill(replace(tool, binaries=missing), into, say)
            fresh = {binary: record.Entry.of(into / binary) for binary in missing}
            if folder.exists():
                for binary in missing:
                    (into / binary).replace(folder / binary)
                record.write(folder, kept | fresh)
                return
            # Complete or absent: the folder appears by one rename, so that a killed build leaves no half tool.
            record.write(into, fresh)
            into.rename(folder)


@contextmanager
def _alone(folder: Path, say: Say) -> Iterator[None]:
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("waiting for another command that is installing it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fill(tool: Tool, into: Path, say: Say) -> None:
    if _from_path(tool, into):
        say("copied from PATH")
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
    if all(_copy(tool, binary, into) for binary in tool.binaries):
        return True
    for half in into.iterdir():
        half.unlink()
    return False


def _copy(tool: Tool, binary: str, into: Path) -> bool:
    """Copies a binary of the pinned version from PATH: a link would change its version with the next upgrade."""
    own = cache() / "tools"  # on PATH after `sandbox env`; a damaged binary must not be its own source
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    found = shutil.which(binary, path=os.pathsep.join(each for each in folders if not Path(each).is_relative_to(own)))
    if found is None:
        return False
    copy = into / binary
    try:
        shutil.copyfile(found, copy)
        copy.chmod(0o755)
        # The copy is asked, as some programs do not run at another place.
        return not _is_script(copy) and _has_version(tool, copy)
    except OSError:  # not ours to read
        return False


def _is_script(path: Path) -> bool:
    """Whether it may run another program tomorrow, as the shims of version managers do."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def _has_version(tool: Tool, path: Path) -> bool:
    try:
        answer = subprocess.run([path, *tool.version_args], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.escape(tool.version.removeprefix("v"))
    return re.search(rf"(?<![\w.])v?{version}(?![\w.+-])", answer.stdout) is not None


def _folder(tool: Tool) -> Path:
    return cache() / "tools" / f"{tool.name}-{tool.version}"
