"""Whose a cloud resource is, told by exact labels only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STACK_ID = "stack-id"


@dataclass(frozen=True)
class Owner:
    """One stack, as the labels of its resources name it.

    Args:
        project: the Pulumi project's name.
        stack: the stack's name.
        owner: whom to ask.
        stack_id: the random id that the stack gave itself at its first up, which no other stack has: not one of the
            same name in somebody else's backend, nor the one that had the name before.
    """

    project: str
    stack: str
    owner: str
    stack_id: str

    @property
    def labels(self) -> dict[str, str]:
        """What everything of the stack carries that can."""
        return {"project": self.project, "stack": self.stack, "owner": self.owner, STACK_ID: self.stack_id}

    def owns(self, document: Mapping[str, Any]) -> bool:
        """Whether a resource, as the API shows it, carries this stack's id."""
        return bool(self.stack_id) and (document.get("labels") or {}).get(STACK_ID) == self.stack_id
