"""The id by which a stack is known in the account, from its first resource to its last."""

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
        organization: id or name of the Exoscale organisation that the API key has to belong to; empty takes any.
        chosen: the settings whose change can take something away; None checks no change.
    """

    identity: Identity
    zone: str
    organization: str = ""
    chosen: Chosen | None = None


class StackId(Component):
    """A random id that every other resource of the stack carries, and the final sweep for resources with that id.

    An `up` that is killed leaves resources in the cloud that are missing from the state. They carry this id, so the
    sweep finds and deletes them. It is the last step of a destroy and fails if anything that costs money is left. The
    id also tells apart two stacks of the same name in one account. An API key of another organisation than the recorded
    one is refused: it would see nothing of the stack and take all of it for gone.

    Since everything else depends on it, it also refuses or announces changes of a living stack before anything is
    touched (docs/adr/0012).
    """

    stack_id: pulumi.Output[str]
    """The id. Everything else gets it through its Identity (see `identity`), and so is created later and deleted
    earlier."""
    organization_id: pulumi.Output[str]
    """Id of the stack's Exoscale organisation."""
    organization_name: pulumi.Output[str]
    """Its name, for messages."""

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
        """The identity including the stack's id and organisation, for everything else."""
        return replace(
            known,
            stack_id=self.stack_id,
            organization_id=self.organization_id,
            organization_name=self.organization_name,
        )
