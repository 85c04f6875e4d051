"""Whose resources they are: names, labels and descriptions that tell one stack's from another's."""

from dataclasses import dataclass

import pulumi

from .teardown.cloud.stack_ref import KEYS, STACK_ID, StackRef


@dataclass(frozen=True)
class Identity:
    """Project, stack and owner, as every resource carries them; `StackRef` with an id that is not known yet.

    Args:
        project: the Pulumi project's name.
        stack: the stack's name, in lower case, as Exoscale makes the names of security groups.
        owner: the person to contact; letters, digits, `.`, `_` and `-`, for it becomes a label of the Kubernetes nodes.
        stack_id: the stack's own id, from a StackId. Without one, what an interrupted `up` left cannot be told from
            what another stack of the same name made.
        organization_id: the Exoscale organisation that the stack lives in, from a StackId; empty when it is not known.
        organization_name: the same, for messages.
    """

    project: str
    stack: str
    owner: str
    stack_id: pulumi.Input[str] | None = None
    organization_id: pulumi.Input[str] = ""
    organization_name: pulumi.Input[str] = ""

    @property
    def ref(self) -> StackRef:
        """The stack without its id, for what is made on this machine."""
        return StackRef(self.project, self.stack)

    def name(self, noun: str) -> str:
        """The name of a thing in the Exoscale account, unlike that of any other stack of the project."""
        return self.ref.name(noun)

    def lasting_name(self, noun: str) -> pulumi.Output[str]:
        """The name of what cannot be renamed: it has the id, for another stack may have this one's name one day."""
        id_ = pulumi.Output.from_input("" if self.stack_id is None else self.stack_id)
        return id_.apply(lambda known: self.name(f"{noun}-{known}" if known else noun))

    @property
    def labels(self) -> dict[str, pulumi.Input[str]]:
        """Labels for what takes labels."""
        labels = self.ref.labels(self.owner)
        known: dict[str, pulumi.Input[str]] = {key: labels[key] for key in KEYS if key != STACK_ID}
        return known | ({STACK_ID: self.stack_id} if self.stack_id is not None else {})

    def describe(self, what: str) -> pulumi.Output[str]:
        """Description for what takes one, under Exoscale's 255 characters."""
        id_ = pulumi.Output.from_input("" if self.stack_id is None else self.stack_id)
        return id_.apply(lambda known: StackRef(self.project, self.stack, known).describe(what, self.owner))
