"""`python -m runner up|preview|down STACK`: what `make` calls."""

import math
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click
import yaml

from components.kubeconfig_entries import KubeconfigRefused
from components.kubeconfig_file import forget
from components.teardown.cloud.stack_ref import StackRef
from runner import project
from runner.charts import chosen
from runner.cli import main
from runner.loopback import local_urls
from runner.namesakes import namesakes
from runner.project import new_stack_name, project_name, stack_name
from runner.states import States, summary
from runner.teardown_commands import on_sandbox
from sandbox import daemon
from sandbox.admin import Admin
from sandbox.cli import example
from sandbox.clock import FAST
from sandbox.environment import forget_foreign
from sandbox.files import write_private
from sandbox.home import Record, SandboxError, running
from tools import path_of
from tools.install import is_installed, tool_of
from tools.later import install_later, log_of
from tools.pins import Tool

if TYPE_CHECKING:
    from runner.stack import SandboxStack  # imported late: it imports Pulumi, which `status` does not need

TEMPLATE = "sandbox"  # stack whose settings a new stack starts with

stack_argument = click.argument("stack", default="sandbox")
refresh_option = click.option(
    "--refresh",
    is_flag=True,
    help="First correct the state by asking the cloud about every resource; use it after changes made by hand.",
)


@main.command(epilog=example("python -m runner up alice"))
@stack_argument
@click.option("--replace", multiple=True, metavar="URN", help="Replace this resource, as in `pulumi up --replace`.")
@refresh_option
@click.pass_obj
def up(home: Path, stack: str, replace: tuple[str, ...], refresh: bool) -> None:
    """Bring a stack up on the sandbox, and start the sandbox first if it is not running."""
    name = _name(stack)
    settings = _settings(home, name, keep=True)
    record = running(home) or daemon.start(home, FAST, click.echo)
    subject = _stack(home, record, name, _charts(home, settings))
    # Pulumi shows no outputs if its refresh happens to name a component before the stack.
    ended = _run(partial(subject.up, replace=[*replace], refresh=refresh, suppress_outputs=True))
    if ended.cancelled:
        made = summary(subject.resources())
        _fail(f"cancelled: {name} has {made}; `make up STACK={name}` goes on, `make down STACK={name}` removes them")
    if not ended.result:
        sys.exit(1)
    outputs = {key: "[secret]" if output.secret else output.value for key, output in ended.result.outputs.items()}
    click.secho("Outputs", bold=True)
    click.echo(textwrap.indent(yaml.safe_dump(outputs, width=math.inf), "  "))
    click.secho("What next", bold=True)
    if shutil.which("kubectl") is None:
        click.echo(f"  export PATH={path_of('kubectl').parent}:$PATH")
    click.echo(f"  {outputs['connect']}")
    click.echo("  kubectl get nodes; kubectl get pods -n kube-system")
    click.echo(f"  kubectl top node{_until_there(tool_of('metrics-server'))}")
    for what, url in local_urls(Admin(record).addresses(), outputs).items():
        click.echo(f"  curl -kL {url}      # or in a browser: {what}, on this machine")
    click.echo(f"  make down STACK={name}      # when you are done")


@main.command(epilog=example("python -m runner preview alice"))
@stack_argument
@refresh_option
@click.option("--events", type=click.File("w"), help="Write the engine's events, for `exoscale-sks comment`.")
@click.pass_obj
def preview(home: Path, stack: str, refresh: bool, events: TextIO | None) -> None:
    """Show what `up` would change."""
    name = _name(stack)
    settings = _settings(home, name, keep=False)
    record = running(home) or daemon.start(home, FAST, click.echo)
    subject = _stack(home, record, name, _charts(home, settings))
    from runner.events import FAILED, line

    ended = _run(partial(subject.preview, refresh=refresh, on_event=events and (lambda one: events.write(line(one)))))
    if ended.cancelled or not ended.result:
        if events:
            events.write(FAILED)
        sys.exit(1)


@main.command(epilog=example("python -m runner down alice"))
@stack_argument
@refresh_option
@click.pass_obj
def down(home: Path, stack: str, refresh: bool) -> None:
    """Destroy a stack, then ask the cloud, not the state, what is left; exit 1 if anything is."""
    ours = project_name(project.FOLDER)
    name = stack_name(stack, ours)
    if not States(home).has(ours, name):
        others = namesakes(home, name)
        raise SandboxError(f"there is no stack {ours}/{name} on this sandbox, so nothing was removed{others}")
    record = running(home) or daemon.start(home, FAST, click.echo)
    subject = _stack(home, record, name)
    ended = _run(partial(subject.destroy, refresh=refresh))
    # The engine reports a destroy that was cancelled between two steps as a success.
    if left := subject.resources():
        why = "cancelled" if ended.cancelled else "not finished"
        _fail(f"{why}: the state of {name} still holds {summary(left)}; `make down STACK={name}` goes on")
    if not ended.result:
        sys.exit(1)
    forget_kubeconfig(StackRef(ours, name))
    status = on_sandbox(home, record, "audit", name)
    if status:
        sys.exit(status)
    if empty(Admin(record).status()["objects"]):
        daemon.stop(home)
        click.echo("the cloud is empty and the sandbox is stopped; `make up` starts it again")


def empty(objects: dict[str, list[dict[str, Any]]]) -> bool:
    """Whether the cloud holds nothing but the default security group."""
    return all((kind, item.get("name")) == ("security-group", "default") for kind in objects for item in objects[kind])


def forget_kubeconfig(stack: StackRef) -> None:
    """Removes the stack's entries from the kubeconfig file that the program writes by default."""
    file = project.FOLDER / ".kube" / f"{stack.stack}.yaml"
    try:
        forget(file, stack)
    except KubeconfigRefused as refusal:
        click.echo(f"the kubeconfig stays: {file} {refusal}", err=True)


def _until_there(tool: Tool) -> str:
    """Returns the end of a line that says when a command that needs the tool works; starts to install a missing one."""
    if is_installed(tool):
        return ""
    try:
        install_later(tool)
    except OSError as error:
        return f"      # needs {tool.name}, which cannot be installed: {error}"
    return f"      # once {tool.name} is installed, in the background: tail -f {log_of(tool)}"


def _name(stack: str) -> str:
    return new_stack_name(stack, project_name(project.FOLDER))


def _settings(home: Path, name: str, keep: bool) -> Path:
    """Returns the file with a stack's settings. A new stack without one starts with the sandbox's; a living one is
    refused, because other settings would change or replace its resources.

    Args:
        home: the sandbox's folder.
        name: the stack's name.
        keep: whether to create a file for a new stack, as a copy of the sandbox's.
    """
    file, template = (project.FOLDER / f"Pulumi.{one}.yaml" for one in (name, TEMPLATE))
    if file.exists():
        return file
    copy = f"`cp {template.name} {file.name}`"
    if held := States(home).resources(project_name(project.FOLDER), name):
        last = home / "stacks" / name / file.name
        raise SandboxError(
            f"stack {name} has {summary(held)}, and its settings {file.name} are not in {project.FOLDER}: get that "
            f"file back, or {copy} where these were its settings; {last} is what it last ran with"
        )
    if not template.exists():
        raise SandboxError(f"neither {file.name} nor {template.name} is in {project.FOLDER}: get one of them back")
    if not keep:
        click.echo(f"{file.name} is not there: these would be the settings of {template.name}")
        return template
    write_private(file, template.read_text())
    click.echo(f"{file.name} is new, a copy of {template.name}: stack {name} has its settings there")
    return file


def _fail(line: str) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(1)


def _stack(home: Path, record: Record, name: str, config: dict[str, Any] | None = None) -> "SandboxStack":
    from runner.stack import SandboxStack
    from sandbox.plugins.timing import Timing

    environment = record.environment()
    # The program runs in this process and reads its keys here; it must not see a user's real ones.
    forget_foreign(os.environ)
    os.environ.update(environment)
    timing = Timing.of(record.pace)
    return SandboxStack(home, project.FOLDER, name, environment, config=config, timing=timing)


def _charts(home: Path, file: Path) -> dict[str, Any]:
    """Returns the settings for our own charts if the official ones in these settings cannot be reached."""
    prefix = f"{project_name(project.FOLDER)}:"
    config = (yaml.safe_load(file.read_text()) or {}).get("config", {})
    own = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    return {prefix + key: value for key, value in chosen(own, home / "charts", click.echo).items()}


@dataclass(frozen=True)
class _Ended:
    """The end of an engine's run.

    Args:
        result: its result; None if it failed.
        cancelled: whether the user cancelled it with Ctrl-C.
    """

    result: Any
    cancelled: bool


def _run(action: Callable[..., Any]) -> _Ended:
    """Runs the engine with its output visible; a failure shows the engine's message and no traceback of ours."""
    from pulumi import automation

    colour = "always" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else "never"
    cancelled = False

    def cancelling(*_: object) -> None:
        # The engine gets the same Ctrl-C and needs the stand-ins in this process to finish its steps.
        nonlocal cancelled
        cancelled = True
        click.echo("cancelling: what has begun is finished and recorded; a second Ctrl-C stops at once", err=True)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        click.echo(line)

    before = signal.signal(signal.SIGINT, cancelling)
    result = None
    try:
        result = action(on_output=say, on_error=lambda line: click.echo(line, err=True), color=colour)
    except automation.CommandError as error:
        if not said:  # it failed before it printed anything
            click.echo(str(error), err=True)
    finally:
        signal.signal(signal.SIGINT, before)
    return _Ended(result, cancelled)
