"""What the cloud still holds for a stack or a project, whatever any state says, and what it costs."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from teardown import removal
from teardown.account import accounts
from teardown.errors import TeardownError
from teardown.holdings import DATA, INSTANCE, Holding, Whose
from teardown.judgement import RECORDED, Judgement, judge
from teardown.owner import Owner
from teardown.ownership import holdings, nobodys
from teardown.receipt import Row, cost, costing, document, receipt, table
from teardown.state import Backend, Pulumi, Recorded, project, recorded
from teardown.survey import Accounts, survey
from teardown.sweep import keep

_UNKNOWN = "no such stack in this backend: outlived it, or is somebody else's"
_ANOTHER = "the stack of this name in this backend does not know it: an earlier one's, or somebody else's"
_NOBODY = "nobody"  # the owner's name where a stack has none, as in the program's settings


@dataclass(frozen=True)
class StackAudit:
    """What was found of one stack.

    Args:
        whose: the stack, with its own id where that is known.
        judgement: what is its.
        nobodys: what looks like a dead cluster's and is provably nobody's.
    """

    whose: Whose
    judgement: Judgement
    nobodys: Sequence[Holding]

    @property
    def failed(self) -> bool:
        """Whether anything is left that costs money."""
        return any(item.billable for item in self.judgement.left)

    @property
    def owner(self) -> Owner:
        """The stack, with whoever its labels say is to be asked."""
        names = [item.labels["owner"] for item, _ in self.judgement.rows if "owner" in item.labels]
        return Owner(self.whose.project, self.whose.stack, (*names, _NOBODY)[0], self.whose.stack_id)

    def text(self, asked: Sequence[str], now: datetime) -> list[str]:
        """For people; the receipt is the last line."""
        judgement, left = self.judgement, self.judgement.left
        rows = [(item, self._said(item, said)) for item, said in judgement.rows]
        lines = [f"{self.whose}: Exoscale holds {costing([item for item, _ in rows])}"] if rows else []
        lines += table(rows, now)
        steps = sorted(
            (item for item in left if item.kind != INSTANCE), key=lambda item: removal.ORDER.index(item.kind)
        )
        lines += _section("To remove what is left:", [f"{item.command}   # {item.kind} {item.name}" for item in steps])
        if judgement.strangers:
            lines += [
                "",
                f"Of other stacks named {self.whose.project}/{self.whose.stack}, which are none of this one's:",
            ]
            lines += table([(item, str(item.whose)) for item in judgement.strangers], now)
        lives = any(said == RECORDED for _, said in judgement.rows)
        subject = f"stack {self.whose}{' outside its state' if lives else ''}"
        return [*lines, *_unclaimed(self.nobodys, now), receipt(subject, left, asked, now)]

    def _said(self, item: Holding, status: str) -> str:
        if status == RECORDED:
            return status
        whose = f" of {item.whose}" if len(self.judgement.ids) > 1 else ""
        return f"{status}{whose}; proof: {item.proof}"

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "stack": self.whose.stack,
            "project": self.whose.project,
            "stack-ids": list(self.judgement.ids),
            "holdings": [document(item, said) for item, said in self.judgement.rows],
            "left": len([item for item in self.judgement.left if item.billable]),
            "others": [document(item, str(item.whose)) for item in self.judgement.strangers],
            "nobodys": [document(item, "nobody's") for item in self.nobodys],
        }


@dataclass(frozen=True)
class ProjectAudit:
    """What was found of all stacks of a project.

    Args:
        stacks: what each holds, and what is wrong about that, which is mostly nothing.
    """

    project: str
    stacks: Mapping[Whose, tuple[Sequence[Holding], str]]
    nobodys: Sequence[Holding]

    @property
    def failed(self) -> bool:
        """Whether a stack that is gone costs money."""
        return any(item.billable for items, wrong in self.stacks.values() if wrong for item in items)

    def text(self, asked: Sequence[str], now: datetime) -> list[str]:
        """For people; the receipt is the last line."""
        lines: list[str] = []
        for whose, (items, wrong) in self.stacks.items():
            lines += [f"{whose}: {costing(items)}{f'; {wrong}' if wrong else ''}"]
            lines += [f"  {line}" for line in table([(item, "") for item in items], now)] if wrong else []
        outlived = [item for items, wrong in self.stacks.values() if wrong for item in items]
        last = receipt(f"stacks of {self.project} that this backend does not know", outlived, asked, now)
        return [*lines, *_unclaimed(self.nobodys, now), last]

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "project": self.project,
            "stacks": [
                {
                    "stack": whose.stack,
                    "stack-id": whose.stack_id or None,
                    "wrong": wrong or None,
                    "cost": cost(items),
                    "holdings": [document(item, wrong or "of a stack of this backend") for item in items],
                }
                for whose, (items, wrong) in self.stacks.items()
            ],
            "nobodys": [document(item, "nobody's") for item in self.nobodys],
        }


def of_stack(zones: Accounts, project: str, stack: str, state: Recorded, stack_id: str = "") -> StackAudit:
    """Asks the cloud about one stack.

    Args:
        zones: the account in each zone to look into.
        state: what the stack's state records; empty for a stack that is destroyed or unknown.
        stack_id: the stack's own id, where somebody knows it better than the state.
    """
    surveys = survey(zones)
    whose = Whose(project, stack, stack_id or state.stack_id)
    found = holdings(surveys, dict.fromkeys(state.pool_ids, whose))
    return StackAudit(whose, judge(found, project, stack, state, stack_id), nobodys(surveys, found))


def of_project(zones: Accounts, project: str, backend: Backend) -> ProjectAudit:
    """Asks the cloud about all stacks of a project.

    Args:
        zones: the account in each zone to look into.
        backend: knows which of them there should be.
    """
    surveys = survey(zones)
    found = holdings(surveys)
    theirs = {item.id: item.whose for item in found if item.whose and item.whose.project == project}
    names = backend.stacks() & {whose.stack for whose in theirs.values()}
    states = {name: recorded(backend.export(name)) for name in names}
    stacks: dict[Whose, tuple[list[Holding], str]] = {}
    for whose, ids in groupby(sorted(theirs, key=lambda id_: theirs[id_]), key=lambda id_: theirs[id_]):
        state, members = states.get(whose.stack), set(ids)
        stacks[whose] = [item for item in found if item.id in members], _wrong(whose, state)
    return ProjectAudit(project, stacks, nobodys(surveys, found))


def _wrong(whose: Whose, state: Recorded | None) -> str:
    if state is None:
        return _UNKNOWN
    return "" if state.stack_id == whose.stack_id and (state.stack_id or state.ids) else _ANOTHER


def fix(
    zones: Accounts,
    ask: Callable[[], StackAudit],
    data: bool,
    agreed: Callable[[list[Holding]], bool],
    say: removal.Say,
    patience: float = 300,
) -> None:
    """Deletes what is left of a stack and provably its own. Data that stays is labelled: nothing else will prove whose
    it is when its machine is gone.

    Args:
        ask: audits the stack.
        data: volumes and snapshots, too.
        agreed: shown the list before anything is deleted.
        say: told each step.
        patience: seconds without anything going after which what is left is left.

    Raises:
        TeardownError: it is not certain whose they are; or something stays.
    """
    found = ask()
    judgement = found.judgement
    going = judgement.removable(data)
    if not going:
        return
    if not judgement.known:
        ids = " and ".join(judgement.ids) or "no stack-id at all"
        raise TeardownError(
            f"no state in this backend says whose these are: they carry {ids}, and may be of a stack of that name in "
            f"somebody else's backend. Next: if one is yours, `--fix --stack-id {(*judgement.ids, 'ID')[0]}`"
        )
    if not agreed(going):
        return
    chosen = {item.id for item in going}
    for item in judgement.left:
        if item.kind in DATA and item.id not in chosen:
            keep(zones[item.zone], found.owner, item)
    removal.remove(
        zones, lambda: [item for item in ask().judgement.removable(data) if item.id in chosen], say, patience
    )


@click.command()
@click.argument("stack", required=False)
@click.option("--zone", "zones", multiple=True, help="Look into this zone only; may be given again.  [default: all]")
@click.option("--fix", "fixing", is_flag=True, help="Delete what is left of the stack and provably its own.")
@click.option("--volumes", "data", is_flag=True, help="With --fix: volumes and snapshots, too.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.option("--stack-id", default="", help="The stack's own id, where no state holds it any more.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def audit(
    stack: str | None, zones: tuple[str, ...], fixing: bool, data: bool, yes: bool, stack_id: str, as_json: bool
) -> None:
    """Show what Exoscale holds for STACK and what that costs; without STACK, for all stacks of the project.

    Exit status 1 when anything is left that costs money: of a living stack what its state does not know, of any other
    all of it. Volumes that were kept on purpose count too, for they are billed.
    """
    folder = Path.cwd()
    backend, name = Pulumi(folder), project(folder)
    everywhere = accounts(stack, zones)
    found: StackAudit | ProjectAudit
    if stack is None:
        if fixing or stack_id:
            raise TeardownError("say which stack is meant")
        found = of_project(everywhere, name, backend)
    else:
        state = _state(backend, stack, stack_id)

        def ask() -> StackAudit:
            return of_stack(everywhere, name, stack, state, stack_id)

        if fixing:
            fix(everywhere, ask, data, lambda going: yes or _agreed(going), _progress)
        found = ask()
    if as_json:
        click.echo(json.dumps({**found.document(), "zones": list(everywhere)}, indent=2))
    else:
        click.echo("\n".join(found.text(list(everywhere), datetime.now(UTC))).lstrip("\n"))
    if found.failed:
        click.get_current_context().exit(1)


def _state(backend: Backend, stack: str, stack_id: str) -> Recorded:
    state = recorded(backend.export(stack))
    if stack_id and state.stack_id not in ("", stack_id):
        raise TeardownError(f"the state of {stack} says that its stack-id is {state.stack_id}, not {stack_id}")
    return state


def _agreed(going: list[Holding]) -> bool:
    lines = table([(item, item.proof) for item in going], datetime.now(UTC))
    click.echo("\n".join(lines), err=True)
    return click.confirm(f"Delete {costing(going)}?", err=True)


def _progress(line: str) -> None:
    click.echo(line, err=True)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


def _unclaimed(items: Sequence[Holding], now: datetime) -> list[str]:
    """What nobody deletes unasked: it may be of a cluster that nothing here knows about."""
    if not items:
        return []
    rows: list[Row] = [(item, item.proof) for item in items]
    lines = [*table(rows, now), *(item.command for item in items)]
    return [*_section("Provably nobody's, and none of the sum; look before you delete:", lines), ""]
