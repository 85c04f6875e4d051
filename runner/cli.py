"""The command line, `python -m runner …`. The commands: `@main.command()` in a module that `__main__` imports."""

from pathlib import Path

import click

from sandbox.cli import SETTINGS, Commands, home_option


@click.group(cls=Commands, context_settings=SETTINGS, epilog="Example: python -m runner up alice")
@home_option
@click.pass_context
def main(context: click.Context, home: Path) -> None:
    """Manage the stacks of this checkout's program on the sandbox, and start the sandbox if it is not running."""
    context.obj = home
