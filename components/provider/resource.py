"""The base of all resource types, and the record in their state of the stack they belong to.

The content of a state is an interface: `version` is the number of its layout, and every release can destroy a state
that an earlier one wrote.
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
        """Imports the module on first use: its Exoscale client takes longer to import than everything else."""

        def __getattr__(self, name: str) -> Any:
            return getattr(importlib.import_module("..teardown.steps", __package__), name)

    steps = _Late()

VERSION = 1
_IDENTITY = ("project", "stack", "owner", "stackId")


class Resource(ABC):
    """One resource type. Its state consists of its inputs, the outputs of `create`, and `version`.

    Args:
        role: role under which the delete step is armed in the cluster: it works only if no other resource of that role
            was armed after it, so renaming a resource does not empty a living cluster. Empty: it is not armed.
    """

    replacing: ClassVar[tuple[str, ...]] = ()
    """Inputs whose change replaces the resource; the old one is deleted first."""
    outputs: ClassVar[tuple[str, ...]] = ()
    """Outputs that `create` adds to the inputs; only an update that returns them changes them."""
    lasting: ClassVar[tuple[str, ...]] = ()
    """Inputs that keep their value as long as no input in `replacing` changes, even if a preview does not know
    them."""

    def __init__(self, role: str = "") -> None:
        self._role = role

    def create(self, inputs: Values, say: Say) -> tuple[str, dict[str, Any]]:
        """Returns the id of a new resource, which is also its token when it is armed, and its outputs."""
        token = secrets.token_hex(8)
        if self._role:
            steps.arm(subject(inputs), self._role, inputs["clusterId"], token, say)
        return token, {}

    def verify(self, state: Values, inputs: Values | None = None) -> list[str]:
        """Checks that the recorded state fits this release, the API key and the inputs; raises if it does not.

        Returns:
            Warnings for the user before these inputs replace the recorded ones, line by line.
        """
        refuse_later_release(state)
        return []

    def impossible(self, inputs: Values, state: Values | None = None) -> str:
        """Returns why these inputs cannot be applied, in one line; empty if they can. A preview asks too.

        Args:
            state: the recorded state; None for a new resource.
        """
        return ""

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> dict[str, Any] | None:
        """Applies the new inputs; returns the changed outputs."""
        if self._role and any(state.get(key) != inputs.get(key) for key in _IDENTITY):
            steps.arm(subject(inputs), self._role, inputs["clusterId"], token, say)
        return None

    def foretold(self, inputs: Values, state: Values | None = None) -> dict[str, Any]:
        """Returns the outputs that a preview knows before a create or an update makes them."""
        return {}

    def refreshed(self, state: Values) -> dict[str, Any]:
        """Returns the outputs that differ from the recorded ones, for a refresh."""
        return {}

    def due(self, state: Values) -> Sequence[str]:
        """Returns what an update has to do although no input changed, in words for a preview. Changes nothing."""
        return ()

    @abstractmethod
    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        """Runs the step; returns the lines that have to stay on the screen."""

    def gives_way_to(self, inputs: Values, state: Values) -> bool:
        """Whether a resource with these inputs and another name in the program has replaced this one."""
        return False


def subject(state: Values) -> "steps.Subject":
    """Reads the stack that owns the resource from its inputs or its state."""
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
    """Raises an error if this release does not know the state's layout."""
    if state.get("version", VERSION) > VERSION:
        raise TeardownError(
            f"the state was written by a later release (layout {state['version']:.0f}, this one knows {VERSION}). "
            "Next: run the same command in a checkout of that release"
        )


def refuse_copy(state: Values, urn: str) -> None:
    """Raises an error if the state was made for another stack than the URN's."""
    stack, project = urn.split("::")[:2]
    steps.refuse_copy(subject(state), project, stack.rpartition(":")[2])


def remaining(state: Values) -> str:
    """Says in one line what of the stack still runs and what it costs."""
    return steps.remaining(subject(state))
