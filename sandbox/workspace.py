"""Pulumi's Automation API, asking less of the command line."""

import json
from pathlib import Path
from typing import Any

from pulumi import automation

from sandbox.plugins.properties import is_secret


class Workspace(automation.LocalWorkspace):
    """A local workspace on a local backend that starts `pulumi` only for what it alone knows: a start costs CPU time.

    Args:
        checkpoint: file in which the backend keeps the stack.
        options: those of `LocalWorkspace`.
    """

    def __init__(self, checkpoint: Path, **options: Any) -> None:
        super().__init__(**options)
        self._checkpoint = checkpoint

    def create_or_take(self, name: str) -> automation.Stack:
        """The stack, made where it is missing."""
        if self._checkpoint.exists():
            return automation.Stack.select(name, self)
        return automation.Stack.create(name, self)

    def select_stack(self, stack_name: str) -> None:
        """Nothing: every command of a `Stack` names it."""

    def stack_outputs(self, stack_name: str) -> automation.OutputMap:
        """The outputs in clear; which of them are secret stands in the checkpoint."""
        command = ["stack", "output", "--json", "--show-secrets", "--stack", stack_name]
        asked = self.pulumi_command.run(command, self.work_dir, self.env_vars)
        kept = self._kept_outputs()
        return {
            name: automation.OutputValue(value, is_secret(kept[name]))
            for name, value in json.loads(asked.stdout).items()
        }

    def _kept_outputs(self) -> dict[str, Any]:
        resources = json.loads(self._checkpoint.read_text())["checkpoint"]["latest"].get("resources", [])
        outputs: dict[str, Any] = next(
            (item.get("outputs", {}) for item in resources if item["type"] == "pulumi:pulumi:Stack"), {}
        )
        return outputs
