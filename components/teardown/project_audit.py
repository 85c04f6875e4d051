"""Lists what the cloud holds for all stacks of a project, and which of them the backend does not know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .cloud.abandoned import abandoned
from .cloud.ownership import resources
from .cloud.report import Asked, cost, costing, document, nobodys, receipt, table
from .cloud.resource import Resource
from .cloud.stack_ref import StackRef
from .cloud.survey import Accounts, survey
from .state.backend import Backend
from .state.recorded import Recorded, recorded

_UNKNOWN = "no such stack in this backend: outlived it, or is somebody else's"
_ANOTHER = "the stack of this name in this backend does not know it: an earlier one's, or somebody else's"


@dataclass(frozen=True)
class ProjectAudit:
    """The findings for all stacks of a project.

    Args:
        stacks: the resources of each, and what is wrong with them; mostly nothing.
    """

    project: str
    stacks: Mapping[StackRef, tuple[Sequence[Resource], str]]
    nobodys: Sequence[Resource]

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
                    "wrong": wrong or None,
                    "cost": cost(items),
                    "holdings": [document(item, wrong or "of a stack of this backend") for item in items],
                }
                for stack, (items, wrong) in self.stacks.items()
            ],
            "nobodys": [document(item, "nobody's") for item in self.nobodys],
        }


def of_project(zones: Accounts, project: str, backend: Backend) -> ProjectAudit:
    """Audits all stacks of a project.

    Args:
        zones: the account in each zone to look into.
        backend: knows which stacks exist.
    """
    found = resources(survey(zones))
    holdings: dict[StackRef, list[Resource]] = {}
    for item in found:
        for owner in item.owners:
            if owner.project == project:
                holdings.setdefault(owner, []).append(item)
    names = backend.stacks() & {stack.stack for stack in holdings}
    states = {name: recorded(backend.export(name)) for name in names}
    stacks = {stack: (holdings[stack], _wrong(stack, states.get(stack.stack))) for stack in sorted(holdings)}
    return ProjectAudit(project, stacks, abandoned(found))


def _wrong(stack: StackRef, state: Recorded | None) -> str:
    if state is None:
        return _UNKNOWN
    return "" if state.stack_id == stack.id and (state.stack_id or state.ids) else _ANOTHER
