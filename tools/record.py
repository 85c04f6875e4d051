"""Records what was installed, so that a binary that was replaced or damaged since is never run as the pinned one."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

FILE = "installed.json"


@dataclass(frozen=True)
class Entry:
    """One binary as it was installed; size and time of modification spare the hash of an untouched file."""

    sha256: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """The entry of a file as it is now."""
        with path.open("rb") as file:
            status = os.fstat(file.fileno())  # before it is read: a change meanwhile then shows
            return cls(hashlib.file_digest(file, "sha256").hexdigest(), status.st_size, status.st_mtime_ns)

    def untouched(self, path: Path) -> bool:
        """Whether the file looks as recorded, without reading it."""
        status = path.lstat()
        return (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)


def write(folder: Path, entries: dict[str, Entry]) -> None:
    """Records the binaries of a folder, in whole or not at all."""
    draft = folder / f".{FILE}"
    draft.write_text(json.dumps({name: asdict(entry) for name, entry in entries.items()}, indent=1))
    draft.replace(folder / FILE)


def is_current(folder: Path, binaries: Iterable[str]) -> bool:
    """Whether all binaries are there and look as recorded; reads none of them."""
    entries = _read(folder)
    return all(
        name in entries and _is_file(folder / name) and entries[name].untouched(folder / name) for name in binaries
    )


def fault(folder: Path, binary: str) -> str:
    """Says what is wrong with an installed binary, as the end of a sentence; empty when it is the recorded one."""
    path = folder / binary
    if path.is_symlink():
        return "is a link to a file that may change"
    if not path.is_file():
        return "is missing"
    entry = _read(folder).get(binary)
    if entry is None:
        return "has no recorded checksum"
    return "" if _as_installed(path, entry) else "is not the file that was installed"


def sound(folder: Path, binaries: Iterable[str]) -> dict[str, Entry]:
    """The binaries that can stay, each with its entry as of now.

    A folder without a record was filled before there were records, completely or not at all: its files are adopted,
    its links are not.
    """
    adopts = not (folder / FILE).exists()
    recorded = _read(folder)
    kept: dict[str, Entry] = {}
    for name in binaries:
        path = folder / name
        if not _is_file(path):
            continue
        if adopts:
            kept[name] = Entry.of(path)
        elif name in recorded and (entry := _as_installed(path, recorded[name])):
            kept[name] = entry
    return kept


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _as_installed(path: Path, entry: Entry) -> Entry | None:
    """The entry as of now, if the content is still what was recorded."""
    if entry.untouched(path):
        return entry
    now = Entry.of(path)
    return now if now.sha256 == entry.sha256 else None


def _read(folder: Path) -> dict[str, Entry]:
    """Entry by binary; none where the record is missing or damaged."""
    try:
        return {name: Entry(**entry) for name, entry in json.loads((folder / FILE).read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
