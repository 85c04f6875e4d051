"""`python -m sandbox fault …`: produces cloud failures on demand."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click

from sandbox.cli import admin_of, example, main
from sandbox.faults import Fault

EFFECTS = ("status", "lose-reply", "delay", "failure", "kill-ccm", "kill-csi")
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Fault)}


@main.group()
def fault() -> None:
    """Make calls fail, kill parts and expire keys."""


@fault.command(epilog=example("python -m sandbox fault arm create-load-balancer --effect lose-reply"))
@click.argument("operation")
@click.option(
    "--effect",
    type=click.Choice(EFFECTS),
    required=True,
    help="status: refuse with --status, nothing happens. lose-reply: do it, then hang up without an answer. "
    "delay: wait --seconds first. failure: accept, then end the operation as failure with --reason and --message. "
    "kill-ccm, kill-csi: do it, and the CCM or CSI controller that called dies before it sees the reply.",
)
@click.option(
    "--nth", type=click.IntRange(1), default=Fault.nth, show_default=True, help="Fire on the n-th call from now."
)
@click.option(
    "--times", type=click.IntRange(1), default=Fault.times, show_default=True, help="Fire on this many calls in a row."
)
@click.option(
    "--status",
    type=click.IntRange(400, 599),
    default=Fault.status,
    show_default=True,
    help="HTTP status of the refusal.",
)
@click.option(
    "--seconds", type=click.FloatRange(0), default=Fault.seconds, show_default=True, help="Length of the delay."
)
@click.option(
    "--reason",
    default=Fault.reason,
    show_default=True,
    help="Reason of the failed operation, a word of the API's: busy, conflict, forbidden …",
)
@click.option(
    "--message", default=Fault.message, show_default=True, help="Text of the refusal, or of the failed operation."
)
@click.pass_obj
def arm(home: Path, /, operation: str, **options: Any) -> None:
    """Arm a fault for OPERATION, an operation id of Exoscale's API (create-sks-nodepool) or * for any."""
    armed = asdict(Fault(operation, **options))
    admin_of(home).arm(armed)
    click.echo(f"armed: {describe(armed)}")


@fault.command("list", epilog=example("python -m sandbox fault list"))
@click.pass_obj
def list_(home: Path) -> None:
    """List the armed faults, and those that fired."""
    faults = admin_of(home).status()["faults"]
    for state in ("armed", "fired"):
        for one in faults[state]:
            click.echo(f"{state}: {describe(one)}")
    if not faults["armed"]:
        click.echo("no fault is armed")


@fault.command(epilog=example("python -m sandbox fault clear"))
@click.pass_obj
def clear(home: Path) -> None:
    """Disarm every fault. Killed parts and expired keys stay as they are."""
    admin_of(home).disarm()
    click.echo("no fault is armed")


@fault.command(epilog=example("python -m sandbox fault expire-key sandbox"))
@click.argument("name")
@click.pass_obj
def expire_key(home: Path, name: str) -> None:
    """Make the API refuse the key NAME: `sandbox` is yours, `sks-ccm-CLUSTER` is used by a cluster's CCM, and
    `sks-csi-CLUSTER` by its CSI controller."""
    admin_of(home).expire_key(name)
    click.echo(f"{name} has expired")


@fault.command(epilog=example("python -m sandbox fault restore-key sandbox"))
@click.argument("name")
@click.pass_obj
def restore_key(home: Path, name: str) -> None:
    """Make the API accept the key NAME again."""
    admin_of(home).restore_key(name)
    click.echo(f"{name} is good again")


def describe(one: dict[str, Any]) -> str:
    """Describes a fault in one line, without default values."""
    told = {name: value for name, value in one.items() if value != _DEFAULTS.get(name)}
    effect, operation = told.pop("effect"), told.pop("operation")
    more = ", ".join(f"{name} {json.dumps(value)}" for name, value in told.items())
    return f"{effect} on {operation}{f' ({more})' if more else ''}"


def _part_command(verb: str, past: str, part: str, name: str) -> None:
    @fault.command(
        f"{verb}-{part}",
        help=f"{verb.capitalize()} the {name} of the cluster with the id CLUSTER.",
        epilog=example(f"python -m sandbox fault {verb}-{part} 5e7d6f1c-0b1e-4e39-9d3b-2f5c8b0a4d11"),
    )
    @click.argument("cluster")
    @click.pass_obj
    def command(home: Path, cluster: str) -> None:
        getattr(admin_of(home), verb)(cluster, part)
        click.echo(f"the {name} of {cluster} {past}")


for _part, _name in (("ccm", "cloud controller manager"), ("csi", "CSI controller"), ("api-server", "API server")):
    _part_command("kill", "is dead", _part, _name)
    _part_command("revive", "runs again", _part, _name)
