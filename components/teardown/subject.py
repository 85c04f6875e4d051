"""The stack that a step works for."""

from collections.abc import Callable
from dataclasses import dataclass

from .cloud.account import Account, Organization, accounts
from .cloud.stack_ref import StackRef

Say = Callable[[str], None]


@dataclass(frozen=True)
class Subject:
    """One stack, as its state records it.

    Args:
        project: the Pulumi project's name.
        stack: the stack's name.
        owner: contact to ask about it.
        zone: Exoscale zone of its cluster.
        stack_id: the stack's own id; empty before it has one.
        organization: id of its organisation; empty if that is not known.
        organization_name: name of its organisation, for messages.
    """

    project: str
    stack: str
    owner: str
    zone: str
    stack_id: str = ""
    organization: str = ""
    organization_name: str = ""

    @property
    def ref(self) -> StackRef:
        """The stack as named in labels."""
        return StackRef(self.project, self.stack, self.stack_id, self.organization)

    @property
    def home(self) -> Organization:
        """The stack's organisation."""
        return Organization(self.organization, self.organization_name)

    def accounts(self, everywhere: bool = False) -> dict[str, Account]:
        """Returns the account in the stack's zone, or in every zone, its own first, after comparing the key's
        organisation.

        Raises:
            TeardownError: no key, a key of another organisation, no such zone, or no answer.
        """
        own = accounts(self.stack, [self.zone], self.home)
        return {**own, **accounts(self.stack)} if everywhere else own
