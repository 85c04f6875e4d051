"""The command line: one command per file, imported when it is called, so that the credential plugin starts quickly."""

import importlib
import sys
from typing import Any

import click

from .teardown.errors import TeardownError

_PEOPLES = ("audit", "plan", "rescue", "drift", "stacks", "reap", "cycle", "comment", "init")
_STEPS = ("mark", "admit", "drain", "sweep-rules", "sweep")
_PLACES = {"init": "init", "comment": "comment.command"}  # of those that are no verbs of the teardown
COMMANDS = (*_PEOPLES, *_STEPS, "credential")


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        place = _PLACES.get(name, f"teardown.{'recorded_commands' if name in _STEPS else name}")
        module = importlib.import_module(f".{place}", __package__)
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
    """Inspect and repair stacks on Exoscale (not on the sandbox) with `audit`, `plan`, `rescue`, `drift`, `stacks`,
    `reap` and `cycle`. `init` prepares your own Pulumi project, and `comment` writes previews as a comment for a pull
    request. The other commands are the steps of a destroy, which Pulumi runs. On the sandbox, use `make audit` and so
    on.

    The Exoscale API key is read from EXOSCALE_API_KEY and EXOSCALE_API_SECRET, from EXOSCALE_KEY and EXOSCALE_SECRET,
    or from the stack's configuration (exoscale:key and exoscale:secret).
    """
