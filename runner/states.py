"""Reads the stacks of a sandbox's backend without `pulumi`, which takes a quarter of a second to start."""

import contextlib
import json
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from sandbox.backend import Backend
from sandbox.home import SandboxError, process_name

Resource = dict[str, Any]


class States(Backend):
    """The same backend, read from its files."""

    def stacks(self) -> list[tuple[str, str]]:
        """Returns project and name of every stack, sorted."""
        files = (self.folder / ".pulumi" / "stacks").glob("*/*.json")
        return sorted((file.parent.name, file.stem) for file in files)

    def has(self, project: str, stack: str) -> bool:
        """Whether there is such a stack, even if it is empty."""
        return checkpoint(self.folder, project, stack).exists()

    def resources(self, project: str, stack: str) -> list[Resource]:
        """Returns the resources in a stack's state; empty if there is no such stack."""
        return resources(checkpoint(self.folder, project, stack)) if self.has(project, stack) else []

    def salt(self, project: str, stack: str) -> str | None:
        """Returns the salt for the passphrase that the state records; None if it records none."""
        file = checkpoint(self.folder, project, stack)
        provider = (_latest(file).get("secrets_providers") if file.exists() else None) or {}
        return (provider.get("state") or {}).get("salt")

    def is_locked_by_the_dead(self, project: str, stack: str) -> bool:
        """Whether a killed engine left its lock behind and no running engine, such as the user's own, holds one.

        Pulumi takes every file in that folder for a lock, even the draft of one: `1.json.18ab.tmp`.
        """
        locks = [*(self.folder / ".pulumi" / "locks").glob(f"*/{project}/{stack}/*")]
        return bool(locks) and all(map(_is_of_the_dead, locks))


def checkpoint(backend: Path, project: str, stack: str) -> Path:
    """Returns the file in which a local backend stores a stack's state."""
    return backend / ".pulumi" / "stacks" / project / f"{stack}.json"


def resources(state: Path) -> list[Resource]:
    """Reads such a file.

    Raises:
        SandboxError: it cannot be read; the line says what to do.
    """
    return _latest(state).get("resources") or []


def summary(held: Sequence[Resource]) -> str:
    """Says how many resources there are, and how many of each provider type."""
    types = Counter(one["type"].rpartition(":")[2] for one in held if one.get("custom") and not _is_provider(one))
    each = ", ".join(f"{count} {type_}" for type_, count in sorted(types.items()))
    return f"{len(held)} resource{'' if len(held) == 1 else 's'}{f' ({each})' if each else ''}"


def _latest(state: Path) -> dict[str, Any]:
    try:
        return json.loads(state.read_text())["checkpoint"].get("latest") or {}
    except (ValueError, LookupError, TypeError, AttributeError):
        before, stack = state.with_name(f"{state.name}.bak"), state.stem
        if before.exists():
            cure = f"`cp {shlex.quote(str(before))} {shlex.quote(str(state))}`, then run it again with ARGS=--refresh"
        else:
            cure = f"remove it, and `make audit STACK={stack} ARGS=--fix` removes what the cloud holds of that stack"
        raise SandboxError(f"the state of stack {stack} is no whole file, {state}: {cure}") from None


def _is_of_the_dead(lock: Path) -> bool:
    """Whether no running engine made this file. An engine that is still writing it has it open."""
    if _is_open(lock):
        return False
    try:
        pid = int(json.loads(lock.read_text())["pid"])
    except FileNotFoundError:
        return False  # a running engine has finished or removed it
    except (ValueError, LookupError, TypeError):
        return True
    return "pulumi" not in process_name(pid)


def _is_open(file: Path) -> bool:
    """Whether a process of this user has it open."""
    for process in psutil.process_iter():
        # It has ended meanwhile, or belongs to another user, who cannot write here.
        with contextlib.suppress(psutil.Error, OSError):
            if any(opened.path == str(file.resolve()) for opened in process.open_files()):
                return True
    return False


def _is_provider(resource: Resource) -> bool:
    return bool(resource["type"].startswith("pulumi:providers:"))
