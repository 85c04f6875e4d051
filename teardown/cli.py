"""The command line: one command per file, loaded when it is called, for the credential plugin has to be quick."""

import importlib
import sys
from typing import Any

import click

from teardown.errors import TeardownError

COMMANDS = ("mark", "credential", "admit", "drain", "sweep-rules", "sweep", "plan", "audit", "rescue")
_ELSEWHERE = {"admit": "admission", "sweep-rules": "rules"}


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"teardown.{_ELSEWHERE.get(name, name)}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except TeardownError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """What makes a destroy safe. Pulumi runs most of these; `plan`, `audit` and `rescue` are for people.

    The Exoscale API key is today's: EXOSCALE_API_KEY and EXOSCALE_API_SECRET, or EXOSCALE_KEY and EXOSCALE_SECRET,
    or the stack's configuration (exoscale:key and exoscale:secret).
    """
