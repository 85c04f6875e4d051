"""Lists what the cloud holds for all stacks of a project, and which of them the backend does not know."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .cloud.abandoned import abandoned
from .cloud.ownership import resources
from .cloud.report import Asked, cost, costing, document, nobodys, receipt, table
from .cloud.resource import Resource
from .cloud.stack_ref import StackRef
from .cloud.survey import Accounts, survey
from .state.backend import Backend
from .state.recorded import Recorded, recorded

NOBODY = "nobody"  # the owner's name where a stack has none, as in the program's settings

EXPORTS = 8  # stacks that the backend is asked about side by side; each is a run of `pulumi`
_UNKNOWN = "no such stack in this backend: outlived it, or is somebody else's"
_ANOTHER = "the stack of this name in this backend does not know it: an earlier one's, or somebody else's"


@dataclass(frozen=True)
class ProjectAudit:
    """The findings for all stacks of a project.

    Args:
        stacks: the resources of each, and what is wrong with them; mostly nothing.
        found: everything that the account holds, of whatever project.
        states: what the states of those stacks record, by the stack's name.
    """

    project: str
    stacks: Mapping[StackRef, tuple[Sequence[Resource], str]]
    found: Sequence[Resource] = ()
    states: Mapping[str, Recorded] = field(default_factory=dict)

    @property
    def nobodys(self) -> list[Resource]:
        """Resources that look like a deleted cluster's and provably belong to nobody."""
        return abandoned(self.found)

    def owner(self, stack: StackRef) -> str:
        """The person to contact about a stack: from its labels, or else from its state."""
        items, _ = self.stacks[stack]
        own = (item.labels.get("owner") for item in items if StackRef.from_labels({"labels": item.labels}) == stack)
        state = self.states.get(stack.stack, Recorded())
        return next(filter(None, (*own, state.owner if state.stack_id == stack.id else "")), NOBODY)

    @property
    def by_owner(self) -> dict[str, list[Resource]]:
        """The resources of each owner's stacks, each once."""
        grouped: dict[str, dict[str, Resource]] = {}
        for stack, (items, _) in self.stacks.items():
            grouped.setdefault(self.owner(stack), {}).update({item.id: item for item in items})
        return {owner: list(items.values()) for owner, items in sorted(grouped.items())}

    @property
    def costs_by_owner(self) -> dict[str, str]:
        """What each owner's stacks cost, in words."""
        return {owner: cost(items) for owner, items in self.by_owner.items()}

    def owner_lines(self) -> list[str]:
        """Returns the line with the costs of each owner; none if there are not several."""
        sums = [f"{owner} {costs}" for owner, costs in self.costs_by_owner.items()]
        return [f"by owner: {', '.join(sums)}"] if len(sums) > 1 else []

    @property
    def failed(self) -> bool:
        """Whether a stack that no longer exists costs money."""
        return any(item.billable for items, wrong in self.stacks.values() if wrong for item in items)

    def text(self, asked: Asked) -> list[str]:
        """Formats the findings for people; the receipt is the last line."""
        lines: list[str] = []
        for stack, (items, wrong) in self.stacks.items():
            lines += [f"{stack}: {costing(items)}{f'; {wrong}' if wrong else ''}"]
            lines += [f"  {line}" for line in table([(item, "") for item in items], asked.when)] if wrong else []
        lines += self.owner_lines()
        outlived = [item for items, wrong in self.stacks.values() if wrong for item in items]
        last = receipt(f"stacks of {self.project} that this backend does not know", outlived, [], asked)
        return [*lines, *nobodys(self.nobodys, asked.when), last]

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "project": self.project,
            "stacks": [
                {
                    "stack": stack.stack,
                    "stack-id": stack.id or None,
                    "owner": self.owner(stack),
                    "wrong": wrong or None,
                    "cost": cost(items),
                    "holdings": [document(item, wrong or "of a stack of this backend") for item in items],
                }
                for stack, (items, wrong) in self.stacks.items()
            ],
            "by-owner": self.costs_by_owner,
            "nobodys": [document(item, "nobody's") for item in self.nobodys],
        }


def of_project(zones: Accounts, project: str, backend: Backend | None) -> ProjectAudit:
    """Audits all stacks of a project.

    Args:
        zones: the account in each zone to look into.
        backend: knows which stacks exist; None if it cannot be asked, and then nothing is called wrong.
    """
    found = resources(survey(zones))
    holdings: dict[StackRef, list[Resource]] = {}
    for item in found:
        for owner in item.owners:
            if owner.project == project:
                holdings.setdefault(owner, []).append(item)
    if backend is None:
        return ProjectAudit(project, {stack: (holdings[stack], "") for stack in sorted(holdings)}, found)
    names = sorted(backend.stacks() & {stack.stack for stack in holdings})
    with ThreadPoolExecutor(EXPORTS) as pool:
        exported = zip(names, pool.map(backend.export, names), strict=True)
        states = {name: recorded(state) for name, state in exported}
    stacks = {stack: (holdings[stack], _wrong(stack, states.get(stack.stack))) for stack in sorted(holdings)}
    return ProjectAudit(project, stacks, found, states)


def _wrong(stack: StackRef, state: Recorded | None) -> str:
    if state is None:
        return _UNKNOWN
    return "" if state.stack_id == stack.id and (state.stack_id or state.ids) else _ANOTHER
