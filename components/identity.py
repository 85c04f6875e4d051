"""Whose resources they are: names, labels and descriptions that tell one stack's from another's."""

from dataclasses import dataclass

import pulumi

STACK_ID = "stack-id"


@dataclass(frozen=True)
class Identity:
    """Project, stack and owner, as every resource carries them.

    Args:
        project: the Pulumi project's name.
        stack: the stack's name, in lower case (Exoscale lower-cases the names of security groups, facts §3).
        owner: whom to ask; letters, digits, `.`, `_` and `-`, for it becomes a label of the Kubernetes nodes.
        stack_id: the stack's own id, from a Mark. Without one, what an interrupted `up` left cannot be told from what
            another stack of the same name made.
    """

    project: str
    stack: str
    owner: str
    stack_id: pulumi.Input[str] | None = None

    def name(self, noun: str) -> str:
        """The name of a thing in the Exoscale account, unlike that of any other stack of the project.

        Stack names hold hyphens, so `dev` with a pool `a-b` and `dev-a` with a pool `b` must not meet: the noun
        gets none, and the last hyphen of a name is always where the stack's name ends.
        """
        return f"{self.project}-{self.stack}-{noun.replace('-', '_')}"

    @property
    def labels(self) -> dict[str, pulumi.Input[str]]:
        """Labels for what takes labels."""
        labels: dict[str, pulumi.Input[str]] = {"project": self.project, "stack": self.stack, "owner": self.owner}
        return labels | ({STACK_ID: self.stack_id} if self.stack_id is not None else {})

    def describe(self, what: str) -> pulumi.Output[str]:
        """Description for what takes one, under Exoscale's 255 characters."""
        id_ = () if self.stack_id is None else (" (", self.stack_id, ")")
        return pulumi.Output.concat(
            f"{what} of Pulumi stack {self.project}/{self.stack}", *id_, f", owner {self.owner}"
        )
