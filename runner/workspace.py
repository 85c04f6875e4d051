"""Pulumi's Automation API with fewer calls of the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation._stack import StackInitMode

from runner.states import checkpoint, resources
from sandbox.plugins.properties import is_plain, is_secret


class Workspace(automation.LocalWorkspace):
    """A local workspace on a local backend that starts `pulumi` only if it has to: every start costs CPU time.

    Args:
        backend: folder of the backend.
        options: options of `LocalWorkspace`.
    """

    def __init__(self, backend: Path, **options: Any) -> None:
        super().__init__(**options)
        self._backend = backend

    def create_or_take(self, name: str) -> automation.Stack:
        """Returns the stack; creates it if it is missing."""
        is_there = self._checkpoint(name).exists()
        return Stack(name, self, StackInitMode.SELECT if is_there else StackInitMode.CREATE)

    def select_stack(self, stack_name: str) -> None:
        """Does nothing: every command of a `Stack` names the stack."""

    def stack_outputs(self, stack_name: str) -> automation.OutputMap:
        """Returns the outputs; a secret one is decrypted when it is read."""

        @cache
        def in_clear() -> dict[str, Any]:
            command = ["stack", "output", "--json", "--show-secrets", "--stack", stack_name]
            said: dict[str, Any] = json.loads(self.pulumi_command.run(command, self.work_dir, self.env_vars).stdout)
            return said

        held = resources(self._checkpoint(stack_name))
        outputs = (item.get("outputs", {}) for item in held if item["type"] == "pulumi:pulumi:Stack")
        kept: dict[str, Any] = next(outputs, {})
        return {
            name: automation.OutputValue(value, False) if is_plain(value) else _Sealed(name, in_clear, is_secret(value))
            for name, value in kept.items()
        }

    def last_update(self, stack_name: str) -> automation.UpdateSummary | None:
        """Reads the engine's record of its last run, without the settings of that run."""
        entries = (self._backend / ".pulumi" / "history" / self._project / stack_name).glob("*.history.json")
        newest = max(entries, default=None)  # their names end with the time
        if newest is None:
            return None
        entry = json.loads(newest.read_text())
        return automation.UpdateSummary(
            kind=entry["kind"],
            start_time=datetime.fromtimestamp(entry["startTime"], UTC),
            end_time=datetime.fromtimestamp(entry["endTime"], UTC),
            message=entry["message"],
            environment=entry["environment"],
            config={},
            result=entry["result"],
            resource_changes=entry.get("resourceChanges"),
        )

    @property
    def _project(self) -> str:
        return self.project_settings().name

    def _checkpoint(self, stack: str) -> Path:
        return checkpoint(self._backend, self._project, stack)


class Stack(automation.Stack):
    """A stack of such a workspace."""

    workspace: Workspace

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary | None:
        """Summarises the last run; without settings, so without secrets."""
        return self.workspace.last_update(self.name)


class _Sealed(automation.OutputValue):
    """An output that only the engine can decrypt."""

    def __init__(self, name: str, in_clear: Callable[[], dict[str, Any]], secret: bool) -> None:
        self._name = name
        self._in_clear = in_clear
        self.secret = secret

    @property
    def value(self) -> Any:
        return self._in_clear()[self._name]
