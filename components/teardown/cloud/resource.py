"""One resource in the account: its price, its owners and their proofs, and the command that deletes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from .stack_ref import StackRef

CLUSTER, NODEPOOL, INSTANCE_POOL, INSTANCE = "SKS cluster", "nodepool", "instance pool", "instance"
BALANCER, VOLUME, SNAPSHOT = "NLB", "volume", "snapshot"
SECURITY_GROUP, ANTI_AFFINITY_GROUP = "security group", "anti-affinity group"
KINDS = (
    CLUSTER,
    NODEPOOL,
    INSTANCE_POOL,
    INSTANCE,
    BALANCER,
    VOLUME,
    SNAPSHOT,
    SECURITY_GROUP,
    ANTI_AFFINITY_GROUP,
)
DATA = (VOLUME, SNAPSHOT)
GLOBAL = (SECURITY_GROUP, ANTI_AFFINITY_GROUP)

# An owner of whom only one thing is known: it is none of our stacks.
SOMEBODY = StackRef("", "")

_COMMANDS = {
    CLUSTER: "exo compute sks delete {id} --zone {zone}",
    NODEPOOL: "exo compute sks nodepool delete {parent} {id} --zone {zone}",
    INSTANCE_POOL: "exo compute instance-pool delete {id} --zone {zone}",
    INSTANCE: "exo compute instance delete {id} --zone {zone}",
    BALANCER: "exo compute load-balancer delete {id} --zone {zone}",
    VOLUME: "exo compute block-storage delete {id} --zone {zone}",
    SNAPSHOT: "exo compute block-storage snapshot delete {id} --zone {zone}",
    SECURITY_GROUP: "exo compute security-group delete {id}",
    ANTI_AFFINITY_GROUP: "exo compute anti-affinity-group delete {id}",
}

Owners = Mapping[StackRef, str]
"""The owners of a resource, each with the proof in words; empty if it is nobody's."""


class Verdict(StrEnum):
    """The relation of a resource in the account to one stack."""

    OURS = "ours"
    PARTLY = "partly ours"
    ANOTHERS = "another's"
    NOBODYS = "nobody's"


@dataclass(frozen=True)
class Resource:
    """One resource in the account.

    Args:
        zone: its zone; empty for what exists in every zone.
        created: time of creation; None if the API does not give it.
        per_month: CHF; None if the price is unknown. A nodepool's cost is that of its instances, which are listed.
        owners: see `ownership`.
        billable: whether it costs something, or will.
        state: the API's state; empty if it has none.
        parent: id of a nodepool's cluster, or of an instance's nodepool or pool; empty for others.
        through: id of the resource that it depends on, if that is what proves its owner.
        targets: for an NLB, the instance pool that each of its services sends traffic to, by service id.
        to_us: for an NLB, ids of the services that send traffic to the stack in question.
    """

    kind: str
    id: str
    name: str
    zone: str
    created: datetime | None
    per_month: Decimal | None
    owners: Owners
    billable: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    parent: str = ""
    through: str = ""
    targets: Mapping[str, str] = field(default_factory=dict)
    to_us: tuple[str, ...] = ()

    def verdict(self, stack: StackRef) -> Verdict:
        """Whether it is the stack's, and the stack's alone."""
        if stack in self.owners:
            return Verdict.OURS if len(self.owners) == 1 else Verdict.PARTLY
        return Verdict.ANOTHERS if self.owners else Verdict.NOBODYS

    @property
    def proof(self) -> str:
        """The owners and their proofs, in words."""
        if len(self.owners) == 1:
            return next(iter(self.owners.values()))
        return "; ".join(f"{owner if owner != SOMEBODY else 'somebody'}: {why}" for owner, why in self.owners.items())

    @property
    def command(self) -> str:
        """The command with which a person deletes it."""
        if self.kind == INSTANCE and self.parent:
            return "goes with its nodepool"
        return _COMMANDS[self.kind].format(id=self.id, zone=self.zone, parent=self.parent)

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.name})"
