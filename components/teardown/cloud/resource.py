"""One thing in the account: its price, whose it is and why, and how a person removes it."""

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

# Somebody of whom nothing is known but that it is none of our stacks.
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
"""Whose a thing is, each with the proof in words; nobody's where it is empty."""


class Verdict(StrEnum):
    """The verdict about a resource from the view of one stack."""

    OURS = "ours"
    PARTLY = "partly ours"
    ANOTHERS = "another's"
    NOBODYS = "nobody's"


@dataclass(frozen=True)
class Resource:
    """One thing in the account.

    Args:
        zone: empty for what is in every zone.
        created: None where the API does not say.
        per_month: CHF; None where the price is unknown. A nodepool costs what its instances cost, and they are listed.
        owners: see `ownership`.
        billable: whether it costs something, or will.
        state: as the API names it; empty where it names none.
        parent: id of the cluster of a nodepool, and of the nodepool or pool of an instance; empty for others.
        through: id of the other thing that it hangs on, where that is what proves whose it is.
        targets: of an NLB: the instance pool that each of its services sends traffic to, by the service's id.
        to_us: of an NLB: ids of those services that send traffic to the stack that was asked about.
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
        """Whose it is and why, in words."""
        if len(self.owners) == 1:
            return next(iter(self.owners.values()))
        return "; ".join(f"{owner if owner != SOMEBODY else 'somebody'}: {why}" for owner, why in self.owners.items())

    @property
    def command(self) -> str:
        """How a person removes it."""
        if self.kind == INSTANCE and self.parent:
            return "goes with its nodepool"
        return _COMMANDS[self.kind].format(id=self.id, zone=self.zone, parent=self.parent)

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.name})"
