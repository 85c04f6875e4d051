"""The base of every resource type, and how its state says whose it is.

What stands in a state is an interface: `version` names its layout, and a state that any release wrote is destroyed by
every later one.
"""

import importlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ..teardown.errors import TeardownError
from .progress import Say
from .values import Values

if TYPE_CHECKING:
    from ..teardown import steps as steps
else:

    class _Late:
        """The module, imported when it is first used: the Exoscale client in it takes longer than all the rest."""

        def __getattr__(self, name: str) -> Any:
            return getattr(importlib.import_module("..teardown.steps", __package__), name)

    steps = _Late()

VERSION = 1
_IDENTITY = ("project", "stack", "owner", "stackId")


class Resource(ABC):
    """One resource type. Its state is its inputs, what `create` adds to them, and `version`.

    Args:
        role: what its delete step is armed as in the cluster: it works only as long as no other resource of that role
            was armed after it, so a renamed one does not empty a living cluster. Empty: it is not armed.
    """

    replacing: ClassVar[tuple[str, ...]] = ()
    """Inputs whose change makes another resource of it; the old one is deleted first."""
    outputs: ClassVar[tuple[str, ...]] = ()
    """The outputs that `create` adds to the inputs; an update changes only those that it gives."""
    lasting: ClassVar[tuple[str, ...]] = ()
    """Inputs that stay what they were for as long as no input in `replacing` changes, even where a preview does not
    know them."""

    def __init__(self, role: str = "") -> None:
        self._role = role

    def create(self, inputs: Values, say: Say) -> tuple[str, dict[str, Any]]:
        """The id of a new one, by which it is armed, and its outputs."""
        token = secrets.token_hex(8)
        if self._role:
            steps.arm(subject(inputs), self._role, inputs["clusterId"], token, say)
        return token, {}

    def verify(self, state: Values, inputs: Values | None = None) -> list[str]:
        """Raises where what is recorded does not fit this release, the API key, or the inputs.

        Returns:
            What the user has to know before these inputs take the place of what is recorded, line by line.
        """
        refuse_later_release(state)
        return []

    def impossible(self, inputs: Values, state: Values | None = None) -> str:
        """Why these inputs cannot come true, in one line; empty where they can. A preview asks too.

        Args:
            state: what there is; None for a new one.
        """
        return ""

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> dict[str, Any] | None:
        """Brings it to the new inputs; the outputs that it changes."""
        if self._role and any(state.get(key) != inputs.get(key) for key in _IDENTITY):
            steps.arm(subject(inputs), self._role, inputs["clusterId"], token, say)
        return None

    def foretold(self, inputs: Values, state: Values | None = None) -> dict[str, Any]:
        """The outputs that a preview knows before a create or an update makes or changes them."""
        return {}

    def refreshed(self, state: Values) -> dict[str, Any]:
        """The outputs that are not what is recorded any more, for a refresh."""
        return {}

    def due(self, state: Values) -> Sequence[str]:
        """Says what an update has to do although no input changed, in words that a preview shows. Changes nothing."""
        return ()

    @abstractmethod
    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        """Runs the step; the lines that have to stay on the screen."""

    def gives_way_to(self, inputs: Values, state: Values) -> bool:
        """Whether one with these inputs, under another name in the program, has taken the place of this one."""
        return False


def subject(state: Values) -> "steps.Subject":
    """Whose resource it is, from its inputs or its state."""
    return steps.Subject(
        project=state["project"],
        stack=state["stack"],
        owner=state["owner"],
        zone=state["zone"],
        stack_id=state.get("stackId") or "",
        organization=state.get("organizationId") or "",
        organization_name=state.get("organizationName") or "",
    )


def refuse_later_release(state: Values) -> None:
    """Raises where the state has a layout that this release does not know."""
    if state.get("version", VERSION) > VERSION:
        raise TeardownError(
            f"the state was written by a later release (layout {state['version']:.0f}, this one knows {VERSION}). "
            "Next: run the same command in a checkout of that release"
        )


def refuse_copy(state: Values, urn: str) -> None:
    """Raises where the state was made for another stack than the one whose URN this is."""
    stack, project = urn.split("::")[:2]
    steps.refuse_copy(subject(state), project, stack.rpartition(":")[2])


def remaining(state: Values) -> str:
    """Says in one line which resources of the stack still run and what they cost."""
    return steps.remaining(subject(state))
