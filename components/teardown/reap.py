"""Destroys expired stacks, one after the other, and proves each destroy by the stack's audit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from .audit import of_stack, refuse_while_worked_on
from .cloud.account import Organization, accounts
from .cloud.report import Asked, cost
from .cloud.resource import CLUSTER
from .cloud.stack_ref import StackRef
from .cloud.survey import Accounts
from .errors import TeardownError
from .expiry import Expiry, expiries, expiry
from .project_audit import ProjectAudit, of_project
from .state.backend import Backend, Pulumi, project
from .state.recorded import recorded
from .subject import Say
from .ttl import of_labels


@dataclass(frozen=True)
class Due:
    """An expired stack."""

    stack: StackRef
    expiry: Expiry
    costs: str

    def __str__(self) -> str:
        return f"{self.stack.stack}: expired on {self.expiry.at:%Y-%m-%d %H:%M} UTC ({self.expiry}), {self.costs}"


def due(audit: ProjectAudit, backend: Backend, now: datetime) -> list[Due]:
    """Returns the expired stacks, those first that expired first."""
    known = expiries(audit, backend)
    found = [
        Due(stack, known[stack.stack], cost(items))
        for stack, (items, wrong) in audit.stacks.items()
        if not wrong and stack.stack in known and known[stack.stack].at <= now
    ]
    return sorted(found, key=lambda one: one.expiry.at)


def unproven(audit: ProjectAudit) -> Iterator[str]:
    """Returns a line for each stack with a ttl whose state this backend does not have: nothing says when its last `up`
    was, and nothing can destroy it from here."""
    for stack, (items, wrong) in audit.stacks.items():
        ttl = next(filter(None, (of_labels(item.labels) for item in items if item.kind == CLUSTER)), "")
        if wrong and ttl:
            yield f"{stack} has ttl {ttl} and stays: {wrong}; {cost(items)}"


def reap_one(zones: Accounts, backend: Backend, one: Due, home: Organization, now: datetime, say: Say) -> str:
    """Destroys one expired stack; does nothing if there was an `up` since it was looked at.

    Args:
        home: the key's organisation.

    Returns:
        The receipt.

    Raises:
        TeardownError: somebody works on the stack, the destroy failed, or something that costs money is left.
    """
    name, ref = one.stack.stack, one.stack
    state = recorded(backend.export(name))
    refuse_while_worked_on(backend, name, state)
    current = expiry(name, state.ttl, backend, state.saved) if state.ttl else None
    if current is None or current.at > now or state.stack_id != ref.id:
        return f"stack {name} was brought up again, and stays"
    say(f"destroying {one}")
    backend.destroy(name)
    left = of_stack(zones, ref.project, name, recorded(backend.export(name)), ref.id)
    receipt = left.text(Asked.now(zones, home))[-1]
    if left.failed:
        raise TeardownError(receipt)
    return receipt


@click.command(short_help="Destroy the project's stacks that have expired.")
@click.option("--dry-run", is_flag=True, help="Only show which stacks have expired.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reap(dry_run: bool, yes: bool) -> None:
    """Destroy those of the project's stacks whose `ttl` has passed since their last `up`, one after the other.

    Each destroy is `pulumi destroy`, with all that it refuses: users' volumes where `storage.on-destroy` is `refuse`,
    protected stacks, a key of another organisation. Then the stack is audited. What cannot be proven to be expired is
    named and stays. Exit status 1 if an expired stack stays.
    """
    folder = Path.cwd()
    name, backend = project(folder), Pulumi(folder)
    zones = accounts()
    home = next(iter(zones.values())).organization()
    audit = of_project(zones, name, backend)
    asked = Asked.now(zones, home)
    expired, stay = due(audit, backend, asked.when), list(unproven(audit))
    click.echo("\n".join([*map(str, expired), *stay, f"{len(expired)} expired ({asked})"]))
    if dry_run or not expired:
        return
    if not yes and not click.confirm(f"Destroy {len(expired)}, one by one?", err=True):
        return
    if failed := _reap_all(zones, backend, expired, home, asked.when):
        raise TeardownError(f"{len(failed)} of {len(expired)} expired stacks stay: {', '.join(failed)}")


def _reap_all(
    zones: Accounts, backend: Backend, expired: Sequence[Due], home: Organization, now: datetime
) -> list[str]:
    """Destroys them, and goes on after a failure; returns the names of those that failed."""
    failed = []
    for one in expired:
        try:
            click.echo(reap_one(zones, backend, one, home, now, click.echo))
        except TeardownError as error:
            failed.append(one.stack.stack)
            click.echo(f"{one.stack.stack} stays: {error}", err=True)
    return failed
