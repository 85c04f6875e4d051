"""The command line, `python -m sandbox …`. More commands: `@main.command()` in a module that `__main__` imports."""

import errno
import json
from pathlib import Path
from typing import Any

import click

from sandbox import daemon, environment, shell
from sandbox.admin import Admin
from sandbox.backend import Backend
from sandbox.clock import LEAST_PACE, PACES
from sandbox.clusters.processes import find
from sandbox.home import Record, SandboxError, default_home, running
from tools.install import Unavailable

NOT_RUNNING = "the sandbox is not running: start it with `python -m sandbox start`"


class Pace(click.ParamType[float]):
    """A named pace, or a factor of the real durations."""

    name = "pace"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "fast|realistic|NUMBER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            pace = PACES[value] if value in PACES else float(value)
        except ValueError:
            pace = -1.0
        if not LEAST_PACE <= pace < float("inf"):
            wanted = f"fast, realistic or a number of times the real durations, {LEAST_PACE} or more"
            self.fail(f"{value!r} is not {wanted}", param, ctx)
        return pace


def running_record(home: Path) -> Record:
    """Returns the record of the sandbox in this folder, or fails with one line that names the fix."""
    record = running(home)
    if record is None:
        raise SandboxError(NOT_RUNNING)
    return record


def admin_of(home: Path) -> Admin:
    """Returns the admin API of the sandbox in this folder, or fails with one line that names the fix."""
    return Admin(running_record(home))


def example(line: str) -> str:
    """Returns an example for the end of a command's help, kept on one line."""
    return f"\b\nExample:\n  {line}"


class Commands(click.Group):
    """Turns errors that the user can fix into one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SandboxError, Unavailable) as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            where = error.filename or ctx.params["home"]
            raise click.ClickException(f"the disk of {where} is full: make space, then run it again") from None


SETTINGS = {"help_option_names": ["-h", "--help"]}
home_option = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    default=default_home,
    show_default="$SANDBOX_HOME, or .sandbox in the checkout, or in ~/.cache where the checkout's path has a space",
    help="The sandbox's folder. Each folder has its own cloud; any number can run side by side.",
)


@click.group(cls=Commands, context_settings=SETTINGS, epilog="Example: python -m sandbox start")
@home_option
@click.pass_context
def main(context: click.Context, home: Path) -> None:
    """A simulated Exoscale on this machine, with a real Kubernetes control plane per SKS cluster."""
    context.obj = home


@main.command(epilog=example("python -m sandbox start --pace realistic"))
@click.option(
    "--pace",
    type=Pace(),
    default="fast",
    show_default=True,
    help="Durations, polls and retries included: a twentieth of the real ones, the real ones, or a factor of them.",
)
@click.option("--foreground", is_flag=True, help="Stay in the terminal until Ctrl-C.")
@click.option("--with-parent", type=int, metavar="PID", help="End when this process ends.")
@click.pass_obj
def start(home: Path, pace: float, foreground: bool, with_parent: int | None) -> None:
    """Start the sandbox with its cloud as it was when it stopped. Does nothing if it is running."""
    before = running(home)
    if before:
        _report(home, before, f"already running (pid {before.pid})")
        if before.pace != pace:
            click.echo(f"its pace stays {_pace_name(before.pace)}: stop it first to change that")
        return
    if foreground:
        daemon.log_to_file(home)
        daemon.serve(home, pace, click.echo, lambda record: _report(home, record, "Ctrl-C ends it"), with_parent)
        return
    record = daemon.start(home, pace, click.echo, with_parent)
    _report(home, record, f"pid {record.pid}, log {home / 'logs' / 'sandbox.log'}")


@main.command(epilog=example("python -m sandbox stop"))
@click.option("--quiet", is_flag=True, help="Print nothing.")
@click.pass_obj
def stop(home: Path, quiet: bool) -> None:
    """Stop the sandbox and every process it started. Its cloud keeps its objects."""
    ran = daemon.stop(home)
    if not quiet:
        click.echo("stopped" if ran else "the sandbox was not running")


@main.command(epilog=example("python -m sandbox status --json"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_obj
def status(home: Path, as_json: bool) -> None:
    """Show the running processes, addresses, the cloud's objects, and the armed faults."""
    record = running(home)
    if as_json:
        click.echo(json.dumps(_status(home, record) if record else {"running": False, "home": str(home)}, indent=2))
        return
    if record is None:
        click.echo(NOT_RUNNING)
        return
    shown = _status(home, record)
    _report(home, record, f"pid {record.pid}")
    for cluster in shown["objects"].get("sks-cluster", []):
        processes = sorted(find(home / "clusters" / cluster["id"]).values())
        click.echo(f"  cluster  {cluster['id']}  {cluster['name']}  {cluster['state']}")
        click.echo(f"           {', '.join(processes) or 'no process'}")
    for one in shown["addresses"]:
        where = f"{one['address']}:{one['port']}"
        click.echo(f"  nlb      http://127.0.0.1:{one['local-port']} stands for {where}, {one['load-balancer']}")
    click.echo("the cloud holds" if shown["objects"] else "the cloud holds nothing")
    for kind, objects in shown["objects"].items():
        click.echo(f"  {len(objects):4}  {kind}")
    for operation in shown["pending"]:
        click.echo(f"pending: {operation}")
    for fault in shown["faults"]["armed"]:
        click.echo(f"armed fault: {fault['effect']} on {fault['operation']}")
    for key in shown["keys"] if len(shown["organizations"]) > 1 else []:
        click.echo(f"API key {key['name']} of organisation {key['organization']}")
    for key in shown["keys"]:
        if key["expired"]:
            click.echo(f"the API key {key['name']} has expired")


@main.command(epilog=example('eval "$(python -m sandbox env)"'))
@click.option("--unset", is_flag=True, help="Print commands that restore the shell's own values.")
@click.pass_obj
def env(home: Path, unset: bool) -> None:
    """Print, for `eval`, variables that make a shell's unmodified clients (pulumi, exo, terraform) use the sandbox.

    Pulumi then uses the sandbox's backend, too. The prompt shows it, and --unset restores the shell's values.
    """
    backend = Backend(home)
    if unset:
        click.echo(shell.leave([*environment.variables("", "", "", "", Path()), *backend.variables()]))
        return
    record = running_record(home)
    backend.prepare()
    click.echo(shell.enter({**record.environment(), **backend.variables()}))


@main.command(epilog=example("python -m sandbox reset"))
@click.pass_obj
def reset(home: Path) -> None:
    """Delete everything in the cloud, including clusters and armed faults. Your API key and its organisation stay."""
    deleted = admin_of(home).reset()
    click.echo(f"forgotten: {', '.join(f'{count} {kind}' for kind, count in deleted.items()) or 'nothing'}")


def _report(home: Path, record: Record, more: str) -> None:
    click.echo(f"the sandbox runs in {home}, pace {_pace_name(record.pace)} ({more})")
    click.echo(f"  api      {record.url}")
    click.echo(f"  proxy    {record.proxy_url}")


def _pace_name(pace: float) -> str:
    names = {value: name for name, value in PACES.items()}
    return names.get(pace, f"{pace:g}")


def _status(home: Path, record: Record) -> dict[str, Any]:
    return {
        "running": True,
        "home": str(home),
        "pid": record.pid,
        "pace": record.pace,
        "url": record.url,
        "proxy_url": record.proxy_url,
        **Admin(record).status(),
        "addresses": Admin(record).addresses(),
    }
