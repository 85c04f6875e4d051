"""Identifies a stack in the account, from its first resource to its last."""

from dataclasses import dataclass, replace

import pulumi

from .component import Component
from .identity import Identity
from .steps import StackIdStep
from .teardown.changes import Chosen


@dataclass(frozen=True)
class StackIdArgs:
    """Arguments of a StackId.

    Args:
        identity: project, stack and owner.
        zone: the stack's zone.
        organization: id or name of the Exoscale organisation that the API key has to be of; empty takes any.
        chosen: the settings whose change would take something away; None checks no change.
    """

    identity: Identity
    zone: str
    organization: str = ""
    chosen: Chosen | None = None


class StackId(Component):
    """A random id that every other resource of the stack carries, and the sweep for what carries it at the end.

    An `up` that is killed leaves things in the cloud that no state knows. They carry this id, so they are found and
    deleted by the sweep, which is the last step of a destroy and fails when anything that costs money is left. The id
    also tells two stacks of one name in one account apart. A key of another organisation than the recorded one is
    refused, for it would see nothing of the stack and take all of it for gone.

    Since everything else depends on it, it is also where a change of a living stack is refused or announced before
    anything is touched (docs/adr/0012).
    """

    stack_id: pulumi.Output[str]
    """The id. Give it to the Identity of everything else, which is then created later and deleted earlier; see
    `identity`."""
    organization_id: pulumi.Output[str]
    """The Exoscale organisation that the stack lives in."""
    organization_name: pulumi.Output[str]
    """The same, for messages."""

    def __init__(self, name: str, args: StackIdArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("StackId", name, opts)
        step = StackIdStep(
            f"{name}-id",
            args.identity,
            args.zone,
            args.organization,
            args.chosen.inputs() if args.chosen else None,
            pulumi.ResourceOptions(parent=self),
        )
        self.stack_id = step.stack_id
        self.organization_id = step.organization_id
        self.organization_name = step.organization_name
        self.register_outputs(
            {
                "stack_id": self.stack_id,
                "organization_id": self.organization_id,
                "organization_name": self.organization_name,
            }
        )

    def identity(self, known: Identity) -> Identity:
        """The identity with what the stack is known by, for everything else."""
        return replace(
            known,
            stack_id=self.stack_id,
            organization_id=self.organization_id,
            organization_name=self.organization_name,
        )
