"""A stack's identity: the names, labels and descriptions that tell its resources from another stack's."""

from dataclasses import dataclass

import pulumi

from .teardown.cloud.stack_ref import KEYS, STACK_ID, StackRef


@dataclass(frozen=True)
class Identity:
    """Project, stack and owner, as every resource carries them; a `StackRef` whose id may not be known yet.

    Args:
        project: the Pulumi project's name.
        stack: the stack's name, in lower case, as Exoscale makes the names of security groups.
        owner: contact for the stack; letters, digits, `.`, `_` and `-`, as it becomes a label of the Kubernetes nodes.
        stack_id: the stack's own id, from a StackId. Without it, leftovers of an interrupted `up` cannot be told from
            resources of another stack of the same name.
        organization_id: id of the stack's Exoscale organisation, from a StackId; empty when it is not known.
        organization_name: its name, for messages.
    """

    project: str
    stack: str
    owner: str
    stack_id: pulumi.Input[str] | None = None
    organization_id: pulumi.Input[str] = ""
    organization_name: pulumi.Input[str] = ""

    @property
    def ref(self) -> StackRef:
        """The stack without its id, for resources on this machine."""
        return StackRef(self.project, self.stack)

    def name(self, noun: str) -> str:
        """Builds a name in the Exoscale account that no other stack of the project has."""
        return self.ref.name(noun)

    def lasting_name(self, noun: str) -> pulumi.Output[str]:
        """Builds a name for what cannot be renamed. It includes the id, as another stack may get this name one day."""
        id_ = pulumi.Output.from_input("" if self.stack_id is None else self.stack_id)
        return id_.apply(lambda known: self.name(f"{noun}-{known}" if known else noun))

    @property
    def labels(self) -> dict[str, pulumi.Input[str]]:
        """Labels for resources that take labels."""
        labels = self.ref.labels(self.owner)
        known: dict[str, pulumi.Input[str]] = {key: labels[key] for key in KEYS if key != STACK_ID}
        return known | ({STACK_ID: self.stack_id} if self.stack_id is not None else {})

    def describe(self, what: str) -> pulumi.Output[str]:
        """Description for resources that take one, shorter than Exoscale's limit of 255 characters."""
        id_ = pulumi.Output.from_input("" if self.stack_id is None else self.stack_id)
        return id_.apply(lambda known: StackRef(self.project, self.stack, known).describe(what, self.owner))
