"""Lists what the cloud still holds for a stack, whatever any state says, and what it costs."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from .cloud import labels, removal
from .cloud.abandoned import abandoned
from .cloud.account import accounts
from .cloud.ownership import Evidence, resources
from .cloud.report import Asked, cost, costing, document, nobodys, receipt, section, table
from .cloud.resource import DATA, INSTANCE, Resource, Verdict
from .cloud.stack_ref import StackRef
from .cloud.status import RECORDED, State, Status, by_maker, judge
from .cloud.survey import Accounts, survey
from .errors import TeardownError
from .project_audit import NOBODY, ProjectAudit, of_project
from .state.backend import Backend, Pulumi, plain_name, project
from .state.recorded import Recorded, recorded


@dataclass(frozen=True)
class StackAudit:
    """The findings for one stack.

    Args:
        stack: the stack, with its own id if that is known.
        status: the stack's resources.
        nobodys: resources that look like a deleted cluster's and provably belong to nobody.
        there: whether the backend has such a stack.
        twins: stacks of this backend, including this one, whose states hold the same id: all but one are copies.
        elsewhere: resources of stacks of the same name in other projects.
    """

    stack: StackRef
    status: Status
    nobodys: Sequence[Resource]
    there: bool = True
    twins: Sequence[str] = ()
    elsewhere: Mapping[StackRef, Sequence[Resource]] = field(default_factory=dict)

    @property
    def lives(self) -> bool:
        """Whether a state records any of its resources."""
        return bool(self.status.of(RECORDED))

    @property
    def failed(self) -> bool:
        """Whether anything is left that costs money, or two states hold the same id."""
        return any(item.billable for item in self.status.left) or bool(self.twins)

    @property
    def owner(self) -> str:
        """The owner named in its labels."""
        names = [item.labels["owner"] for item, _ in self.status.rows if "owner" in item.labels]
        return (*names, NOBODY)[0]

    def text(self, asked: Asked) -> list[str]:
        """Formats the findings for people; the receipt is the last line."""
        status, left, now = self.status, self.status.left, asked.when
        lines = table([(item, self._said(item, said)) for item, said in status.rows], now)
        lines += self._sums()
        steps = sorted(
            (item for item in left if item.kind != INSTANCE or not item.parent),
            key=lambda item: removal.ORDER.index(item.kind),
        )
        lines += section("To remove what is left:", [f"{item.command}   # {item.kind} {item.name}" for item in steps])
        if status.strangers:
            title = f"Of the same name or id as {self.stack}, and none of its own:"
            lines += section(title, table([(item, item.proof) for item in status.strangers], now))
        lines += section(
            "These stacks of this backend hold the same stack-id: one is a copy. `pulumi stack rm --force` the copy:",
            self.twins,
        )
        lines += section(
            f"Stacks named {self.stack.stack} of other projects, which this command does not ask about:",
            [f"{owner}: {costing(items)}" for owner, items in self.elsewhere.items()],
        )
        lines += nobodys(self.nobodys, now)
        name = f"stack {self.stack}"
        if self.lives:
            everything = [item for item, _ in status.rows]
            outside = costing(left) if left else "nothing"
            last = (
                f"audit: {name} costs {cost(everything)} in all; outside its state and its cluster: {outside} ({asked})"
            )
        elif not self.there and not status.rows:
            last = f"there is no {name} in this backend, and the cloud holds nothing of that name ({asked})"
        else:
            last = receipt(name, left, status.strangers, asked)
        return [*lines, last]

    def _sums(self) -> list[str]:
        """Says what it costs in total, by who made it."""
        makers = {**by_maker(self.status), "nobody's stack": self.nobodys}
        parts = [f"{who} {cost(items)}" for who, items in makers.items() if items]
        everything = [item for item, _ in self.status.rows]
        return [f"{self.stack}: {costing(everything)}; by who made it: {', '.join(parts)}"] if everything else []

    def _said(self, item: Resource, status: str) -> str:
        whole = item.verdict(self.stack) is Verdict.OURS
        return status if status == RECORDED and whole else f"{status}; proof: {item.proof}"

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "stack": self.stack.stack,
            "project": self.stack.project,
            "stack-ids": self.status.ids,
            "holdings": [document(item, said) for item, said in self.status.rows],
            "left": len([item for item in self.status.left if item.billable]),
            "by-maker": {who: cost(items) for who, items in by_maker(self.status).items()},
            "others": [document(item, item.proof) for item in self.status.strangers],
            "nobodys": [document(item, "nobody's") for item in self.nobodys],
            "copies": list(self.twins),
        }


def of_stack(
    zones: Accounts, project: str, stack: str, state: Recorded | None, stack_id: str = "", twins: Sequence[str] = ()
) -> StackAudit:
    """Audits one stack.

    Args:
        zones: the account in each zone to look into.
        state: what the stack's state records; None if there is no such stack.
        stack_id: the stack's own id, if the caller knows it and the state does not.
        twins: see `StackAudit`.
    """
    known = state or Recorded()
    ref = StackRef(project, stack, stack_id or known.stack_id, known.organization.id)
    found = resources(survey(zones), Evidence(ref, recorded=known.ids, pools=known.pool_ids))
    elsewhere: dict[StackRef, list[Resource]] = {}
    for item in found:
        for owner in item.owners:
            if owner.stack == stack and owner.project not in (project, ""):
                elsewhere.setdefault(owner, []).append(item)
    status = judge(found, State(ref, known.ids, known.saved))
    return StackAudit(ref, status, abandoned(found), state is not None, twins, elsewhere)


def fix(
    zones: Accounts,
    ask: Callable[[], StackAudit],
    data: bool,
    included: Collection[str],
    agreed: Callable[[list[Resource]], bool],
    say: removal.Say,
    patience: float = 300,
) -> None:
    """Deletes what is left of a stack and provably its own. Data that stays is labelled, because nothing else proves
    who owns it once its machine is gone.

    Args:
        ask: audits the stack.
        data: volumes and snapshots, too.
        included: see `Status.removable`.
        agreed: called with the list before anything is deleted; returns whether to go on.
        say: called with a line for each step.
        patience: seconds without any deletion after which it gives up.

    Raises:
        TeardownError: the owner is not certain, or something could not be deleted.
    """
    found = ask()

    def removable(audit: StackAudit) -> list[Resource]:
        items = audit.status.removable(data, included)
        return [item for item in items if item.verdict(audit.stack) is Verdict.OURS]

    if not found.status.known and found.status.left:
        ids = " and ".join(found.status.ids) or "no stack-id at all"
        raise TeardownError(
            f"no state in this backend says whose these are: they carry {ids}, and may be of a stack of that name in "
            f"somebody else's backend. Next: if one is yours, `--fix --stack-id {(*found.status.ids, 'ID')[0]}`"
        )
    if found.twins:
        raise TeardownError(
            f"{' and '.join(found.twins)} hold the same stack-id: `pulumi stack rm --force` the copy first"
        )
    going = removable(found)
    if not going or not agreed(going):
        return
    chosen = {item.id for item in going}
    for item in found.status.left:
        if item.kind in DATA and item.id not in chosen and item.verdict(found.stack) is Verdict.OURS:
            labels.tag(zones[item.zone], item, found.stack, found.owner, keep=True)
    removal.remove(zones, lambda: [item for item in removable(ask()) if item.id in chosen], say, patience)


def refuse_while_worked_on(backend: Backend, stack: str, state: Recorded) -> None:
    """
    Raises:
        TeardownError: somebody is working on the stack, or was interrupted: what an `up` is creating looks like a
            leftover.
    """
    if worker := backend.worker(stack):
        raise TeardownError(
            f"stack {stack} is locked by {worker}. Next: wait until that has ended; if nobody works on it any more, "
            f"`pulumi cancel --stack {stack}`, then run this again"
        )
    if state.pending:
        raise TeardownError(
            f"the state of {stack} holds {len(state.pending)} operations that began and did not end, such as "
            f"{state.pending[0]}. Next: if no `up` is under way, "
            f"`pulumi refresh --clear-pending-creates --stack {stack}`, then run this again"
        )


@click.command(short_help="Show what Exoscale holds for STACK, and its price.")
@click.argument("stack", required=False)
@click.option("--zone", "zones", multiple=True, help="Look into this zone only; can be repeated.  [default: all]")
@click.option("--fix", "fixing", is_flag=True, help="Delete what is left of the stack and provably its own.")
@click.option("--volumes", "data", is_flag=True, help="With --fix: delete volumes and snapshots, too.")
@click.option(
    "--include",
    multiple=True,
    metavar="ID",
    help="With --fix: delete this running cluster, or resource younger than the state, too; can be repeated.",
)
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.option("--stack-id", default="", help="The stack's own id, if it is missing from every state.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def audit(
    stack: str | None,
    zones: tuple[str, ...],
    fixing: bool,
    data: bool,
    include: tuple[str, ...],
    yes: bool,
    stack_id: str,
    as_json: bool,
) -> None:
    """Show what Exoscale holds for STACK and what that costs; without STACK, for all stacks of the project.

    Exit status 1 when anything that costs money is left: of a living stack, what is missing from its state; of any
    other, everything. Volumes that were kept on purpose count too, because they are billed.
    """
    folder = Path.cwd()
    backend, name = Pulumi(folder), project(folder)
    found: StackAudit | ProjectAudit
    if stack is None:
        if fixing or stack_id:
            raise TeardownError("say which stack is meant")
        everywhere = accounts(None, zones)
        home = next(iter(everywhere.values())).organization()
        found = of_project(everywhere, name, backend)
    else:
        plain = plain_name(stack, name)
        exported = backend.export(stack)
        state = _state(stack, recorded(exported), stack_id)
        everywhere = accounts(plain, zones, state.organization)
        home = state.organization if state.organization.id else next(iter(everywhere.values())).organization()
        twins = _twins(backend, plain, stack_id or state.stack_id)

        def ask() -> StackAudit:
            return of_stack(everywhere, name, plain, state if exported else None, stack_id, twins)

        if fixing:
            refuse_while_worked_on(backend, stack, state)
            fix(everywhere, ask, data, include, lambda going: yes or _agreed(going), _progress)
        found = ask()
    asked = Asked.now(everywhere, home)
    if as_json:
        whom = {"zones": list(everywhere), "asked": asked.whom, "organization": str(home)}
        click.echo(json.dumps({**found.document(), **whom}, indent=2))
    else:
        click.echo("\n".join(found.text(asked)).lstrip("\n"))
    if found.failed:
        click.get_current_context().exit(1)


def _state(stack: str, state: Recorded, stack_id: str) -> Recorded:
    if stack_id and state.stack_id not in ("", stack_id):
        raise TeardownError(f"the state of {stack} says that its stack-id is {state.stack_id}, not {stack_id}")
    return state


def _twins(backend: Backend, stack: str, stack_id: str) -> list[str]:
    """Lists the stacks of the project whose states hold the same id, this one first; empty if there is no other."""
    others = sorted(backend.stacks() - {stack}) if stack_id else []
    same = [other for other in others if recorded(backend.export(other)).stack_id == stack_id]
    return [stack, *same] if same else []


def _agreed(going: list[Resource]) -> bool:
    lines = table([(item, item.proof) for item in going], datetime.now(UTC))
    click.echo("\n".join(lines), err=True)
    return click.confirm(f"Delete {costing(going)}?", err=True)


def _progress(line: str) -> None:
    click.echo(line, err=True)
