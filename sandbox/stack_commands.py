"""`python -m sandbox up|preview|down STACK`: what `make` calls."""

import math
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from sandbox import daemon
from sandbox.admin import Admin
from sandbox.charts import reachable, stand_in
from sandbox.cli import example, main
from sandbox.environment import FOREIGN
from sandbox.home import Record, running
from tools import path_of

if TYPE_CHECKING:
    from sandbox.stack import SandboxStack  # imported late: it loads Pulumi, and `status` need not wait for that

PROJECT = Path(__file__).parents[1]
_INGRESS = "exoscale-sks:ingress"

stack_argument = click.argument("stack", default="sandbox")


@main.command(epilog=example("python -m sandbox up alice"))
@stack_argument
@click.option("--replace", multiple=True, metavar="URN", help="Make this resource anew, as in `pulumi up --replace`.")
@click.pass_obj
def up(home: Path, stack: str, replace: tuple[str, ...]) -> None:
    """Bring a stack up on the sandbox, which is started first where it does not run."""
    record = running(home) or daemon.start(home, 0, click.echo)
    subject = _stack(home, record, stack, _chart(home, stack))
    # Pulumi shows none where its refresh names a component before the stack, which is a matter of luck.
    result = _run(partial(subject.up, replace=[*replace], suppress_outputs=True))
    outputs = {name: "[secret]" if output.secret else output.value for name, output in result.outputs.items()}
    click.secho("Outputs", bold=True)
    click.echo(textwrap.indent(yaml.safe_dump(outputs, width=math.inf), "  "))
    click.secho("What next", bold=True)
    if shutil.which("kubectl") is None:
        click.echo(f"  export PATH={path_of('kubectl').parent}:$PATH")
    click.echo(f"  {outputs['connect']}")
    click.echo("  kubectl get nodes; kubectl get pods -n kube-system; kubectl top node")
    click.echo(f"  make down STACK={stack}      # when you are done")


@main.command(epilog=example("python -m sandbox preview alice"))
@stack_argument
@click.pass_obj
def preview(home: Path, stack: str) -> None:
    """Show what `up` would change."""
    record = running(home) or daemon.start(home, 0, click.echo)
    _run(_stack(home, record, stack, _chart(home, stack)).preview)


@main.command(epilog=example("python -m sandbox down alice"))
@stack_argument
@click.pass_obj
def down(home: Path, stack: str) -> None:
    """Destroy a stack, then ask the cloud, not the state, what is left; exit 1 when something is."""
    if not _is_here(home, stack):
        click.echo(f"there is no stack {stack} on this sandbox: nothing to destroy")
        return
    record = running(home) or daemon.start(home, 0, click.echo)
    subject = _stack(home, record, stack)
    _run(subject.destroy)
    (PROJECT / ".kube" / f"{stack}.yaml").unlink(missing_ok=True)
    status = _teardown(subject.variables(), "audit", stack)
    if status:
        sys.exit(status)
    if empty(Admin(record).status()["objects"]):
        daemon.stop(home)
        click.echo("the cloud is empty and the sandbox is stopped; `make up` starts it again")


def empty(objects: dict[str, list[dict[str, Any]]]) -> bool:
    """Whether the cloud holds nothing but the security group that everybody has."""
    return all((kind, item.get("name")) == ("security-group", "default") for kind in objects for item in objects[kind])


def _passed_on(verb: str) -> click.Command:
    """`python -m sandbox plan|audit|rescue`: the teardown's own command, where the stack is."""

    @main.command(verb, context_settings={"ignore_unknown_options": True}, add_help_option=False)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    @click.pass_obj
    def command(home: Path, arguments: tuple[str, ...]) -> None:
        sys.exit(_anywhere(home, verb, arguments))

    command.help = f"Run `python -m teardown {verb}` for a stack: here, or on Exoscale where it is not here."
    return command


plan, audit, rescue = (_passed_on(verb) for verb in ("plan", "audit", "rescue"))


def _anywhere(home: Path, verb: str, arguments: tuple[str, ...]) -> int:
    stack = next((argument for argument in arguments if not argument.startswith("-")), "")
    if not (stack and _is_here(home, stack)):
        return _teardown({}, verb, *arguments)
    record = running(home) or daemon.start(home, 0, click.echo)
    return _teardown(_stack(home, record, stack).variables(), verb, *arguments)


def _teardown(variables: Mapping[str, str], *arguments: str) -> int:
    command = [sys.executable, "-m", "teardown", *arguments]
    return subprocess.run(command, cwd=PROJECT, env={**os.environ, **variables}, check=False).returncode


def _is_here(home: Path, stack: str) -> bool:
    return (home / "stacks" / stack).is_dir()


def _stack(home: Path, record: Record, name: str, config: dict[str, Any] | None = None) -> "SandboxStack":
    from sandbox.plugins.timing import Timing
    from sandbox.stack import SandboxStack

    environment = record.environment()
    # The program runs in this process and reads its keys here; somebody's real ones must not reach it.
    for variable in FOREIGN:
        os.environ.pop(variable, None)
    os.environ.update(environment)
    timing = Timing.of(record.pace)
    return SandboxStack(home, PROJECT, name, environment, config=config, timing=timing)


def _chart(home: Path, name: str) -> dict[str, Any]:
    """The setting that takes our own chart where the official one cannot be reached."""
    from components.ingress import CONTROLLERS
    from sandbox.stack import settings_file

    settings = yaml.safe_load(settings_file(PROJECT, name).read_text())
    ingress = settings.get("config", {}).get(_INGRESS, {})
    controller = CONTROLLERS.get(ingress.get("controller", "nginx"))
    if controller is None or "chart" in ingress:
        return {}
    official = controller.chart
    repository = ingress.get("repository", official.repository)
    if reachable(repository):
        click.echo(f"ingress chart: {official.name} {official.version} from {repository}")
        return {}
    click.echo(f"ingress chart: our stand-in for {official.name}, because {repository} cannot be reached from here")
    return {_INGRESS: {**ingress, "chart": str(stand_in(official.name, home / "charts"))}}


def _run(action: Callable[..., Any]) -> Any:
    """Runs the engine in the open; its failure is its own last words and exit status, no traceback of ours."""
    from pulumi import automation

    colour = "always" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else "never"

    def cancelling(*_: object) -> None:
        # The engine got the same Ctrl-C and needs the stand-ins, in this process, to end what it began.
        click.echo("cancelling: what has begun is finished and recorded; a second Ctrl-C stops at once", err=True)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        click.echo(line)

    before = signal.signal(signal.SIGINT, cancelling)
    try:
        return action(on_output=say, on_error=lambda line: click.echo(line, err=True), color=colour)
    except automation.CommandError as error:
        if not said:  # it failed before it began to speak
            click.echo(str(error), err=True)
        sys.exit(1)
    finally:
        signal.signal(signal.SIGINT, before)
