"""The command line: one command per file, loaded when it is called, for the credential plugin has to be quick."""

import importlib
import sys
from typing import Any

import click

from .teardown.errors import TeardownError

_PEOPLES = ("audit", "plan", "rescue", "drift", "cycle", "init")
_STEPS = ("mark", "admit", "drain", "sweep-rules", "sweep")
COMMANDS = (*_PEOPLES, *_STEPS, "credential")


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        place = "init" if name == "init" else f"teardown.{'recorded_commands' if name in _STEPS else name}"
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
    """Check and repair stacks on Exoscale with `audit`, `plan`, `rescue`, `drift` and `cycle`. Prepare a project of
    your own with `init`. Pulumi runs the others, as steps of a destroy. For stacks on the sandbox, use `make audit` and
    the like.

    The API key is read from EXOSCALE_API_KEY and EXOSCALE_API_SECRET, or EXOSCALE_KEY and EXOSCALE_SECRET, or the
    stack's configuration (exoscale:key and exoscale:secret).
    """
