"""`python -m runner plan|audit|rescue|stacks|cycle`: the teardown's commands on the sandbox, never on Exoscale."""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from runner import project
from runner.cli import main
from runner.namesakes import namesakes
from runner.project import project_name, stack_name
from runner.states import States
from sandbox import daemon
from sandbox.environment import entered
from sandbox.home import Record, SandboxError, running
from tools import path_of


def on_sandbox(home: Path, record: Record, *arguments: str) -> int:
    """Runs `./exoscale-sks …` on the sandbox's cloud and backend, never the user's; returns its exit status."""
    backend = States(home)
    backend.prepare()
    path = f"{path_of('pulumi').parent}{os.pathsep}{os.environ['PATH']}"
    environment = entered(os.environ, {**record.environment(), **backend.variables(), "PATH": path})
    command = [sys.executable, "-m", "components", *arguments]
    return subprocess.run(command, cwd=project.FOLDER, env=environment, check=False).returncode


def _passed_on(verb: str) -> click.Command:
    """The teardown's command, including its options and help."""

    @main.command(verb, context_settings={"ignore_unknown_options": True}, add_help_option=False)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    @click.pass_obj
    def command(home: Path, arguments: tuple[str, ...]) -> None:
        theirs = _teardowns(verb)
        if {"-h", "--help"} & {*arguments}:
            context = click.Context(theirs, info_name=f"python -m runner {verb}")
            usage = theirs.get_help(context)
            whose = " alice" if _takes_stack(theirs) else ""
            click.echo(f"{command.help}\n\n{usage}\n\nExample:\n  python -m runner {verb}{whose}")
            return
        sys.exit(_ask(home, verb, theirs, [*arguments]))

    command.help = f"Run `./exoscale-sks {verb}` on the sandbox."
    return command


plan, audit, rescue, stacks, cycle = map(_passed_on, ("plan", "audit", "rescue", "stacks", "cycle"))


def _ask(home: Path, verb: str, theirs: click.Command, arguments: list[str]) -> int:
    ours, place, record = project_name(project.FOLDER), _place_of_stack(theirs, arguments), running(home)
    start = partial(daemon.start, home, 0, partial(click.echo, err=True))
    if place is None:
        return on_sandbox(home, record or start(), verb, *arguments)
    name = arguments[place] = stack_name(arguments[place], ours)
    if not States(home).has(ours, name):
        others = namesakes(home, name)
        if verb != "audit" or ours not in others.cloud:
            raise SandboxError(
                f"there is no stack {name} on this sandbox{others}; for the real account: "
                f"`./exoscale-sks {verb} {name}`"
            )
        click.echo(f"there is no stack {name} on this sandbox{others}", err=True)
    return on_sandbox(home, record or start(), verb, *arguments)


def _teardowns(verb: str) -> click.Command:
    from components.cli import main as teardown  # imported late: no other command needs it

    command = teardown.get_command(click.Context(teardown), verb)
    assert command is not None, f"the teardown has no command {verb}"  # noqa: S101
    return command


def _takes_stack(command: click.Command) -> bool:
    return any(isinstance(one, click.Argument) for one in command.params)


def _place_of_stack(command: click.Command, arguments: Sequence[str]) -> int | None:
    """Returns the position of STACK in the arguments: the first that is neither an option nor an option's value."""
    if not _takes_stack(command):
        return None
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    with_value = {name for option in options if not (option.is_flag or option.count) for name in option.opts}
    before = ""
    for place, argument in enumerate(arguments):
        if not argument.startswith("-") and before not in with_value:
            return place
        before = argument
    return None
