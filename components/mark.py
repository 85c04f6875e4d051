"""What a stack is known by in the account, from its first resource to its last."""

from dataclasses import dataclass

import pulumi
import pulumi_command as command

from components.identity import Identity
from components.teardown import teardown

_OWN_ID = "$PULUMI_COMMAND_STDOUT"  # what `create` printed


@dataclass(frozen=True)
class MarkArgs:
    """Arguments of a Mark.

    Args:
        identity: project, stack and owner.
        zone: the stack's zone.
    """

    identity: Identity
    zone: str


class Mark(pulumi.ComponentResource):
    """A random id that every other resource of the stack carries, and the sweep for what carries it at the end.

    An `up` that is killed leaves things in the cloud that no state knows. They carry this id, so they are found and
    deleted by the sweep, which is the last step of a destroy and fails when anything that costs money is left. The id
    also tells two stacks of one name in one account apart.
    """

    stack_id: pulumi.Output[str]
    """The id. Give it to the Identity of everything else, which is then created later and deleted earlier."""

    def __init__(self, name: str, args: MarkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("exoscale-sks:components:Mark", name, None, opts)
        who = args.identity
        mark = command.local.Command(
            f"{name}-id",
            create=teardown("mark", zone=args.zone, stack=who.stack),
            update='printf %s "$PULUMI_COMMAND_STDOUT"',  # the id stays when only the sweep's arguments change
            delete=teardown(
                "sweep", zone=args.zone, project=who.project, stack=who.stack, owner=who.owner, stack_id=_OWN_ID
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.stack_id = mark.stdout
        self.register_outputs({"stack_id": self.stack_id})
