"""The stacks of a sandbox's backend, read without a `pulumi`: to start one takes a quarter of a second."""

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
    """The same backend, and what its files tell."""

    def stacks(self) -> list[tuple[str, str]]:
        """Project and name of every stack, sorted."""
        files = (self.folder / ".pulumi" / "stacks").glob("*/*.json")
        return sorted((file.parent.name, file.stem) for file in files)

    def has(self, project: str, stack: str) -> bool:
        """Whether there is such a stack, be it empty."""
        return checkpoint(self.folder, project, stack).exists()

    def resources(self, project: str, stack: str) -> list[Resource]:
        """Lists the resources in the state of a stack; nothing where there is no such stack."""
        return resources(checkpoint(self.folder, project, stack)) if self.has(project, stack) else []

    def salt(self, project: str, stack: str) -> str | None:
        """The salt in the state, which the passphrase is used with; None where no state has one."""
        file = checkpoint(self.folder, project, stack)
        provider = (_latest(file).get("secrets_providers") if file.exists() else None) or {}
        return (provider.get("state") or {}).get("salt")

    def is_locked_by_the_dead(self, project: str, stack: str) -> bool:
        """Whether a killed engine left its lock behind, and none that lives holds one, such as the user's own.

        Pulumi takes every file in that folder for a lock, also the draft of one: `1.json.18ab.tmp`.
        """
        locks = [*(self.folder / ".pulumi" / "locks").glob(f"*/{project}/{stack}/*")]
        return bool(locks) and all(map(_is_of_the_dead, locks))


def checkpoint(backend: Path, project: str, stack: str) -> Path:
    """The file that a local backend keeps a stack's state in."""
    return backend / ".pulumi" / "stacks" / project / f"{stack}.json"


def resources(state: Path) -> list[Resource]:
    """Reads the resources in such a file.

    Raises:
        SandboxError: it cannot be read; the line says how to go on.
    """
    return _latest(state).get("resources") or []


def summary(held: Sequence[Resource]) -> str:
    """How many resources, and how many of each type that is a provider's."""
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
    """Whether no engine that lives made this file. Whoever still writes half of one has it open."""
    if _is_open(lock):
        return False
    try:
        pid = int(json.loads(lock.read_text())["pid"])
    except FileNotFoundError:
        return False  # it became a whole one, or was taken away, by an engine that lives
    except (ValueError, LookupError, TypeError):
        return True
    return "pulumi" not in process_name(pid)


def _is_open(file: Path) -> bool:
    """Whether a process of this user's has it open."""
    for process in psutil.process_iter():
        # It ended meanwhile, or is another user's, who cannot write here.
        with contextlib.suppress(psutil.Error, OSError):
            if any(opened.path == str(file.resolve()) for opened in process.open_files()):
                return True
    return False


def _is_provider(resource: Resource) -> bool:
    return bool(resource["type"].startswith("pulumi:providers:"))
