"""What the cloud holds for whom: one thing in the account, its price, its owner, and how a person removes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from teardown.account import Document
from teardown.owner import STACK_ID

CLUSTER, NODEPOOL, INSTANCE = "SKS cluster", "nodepool", "instance"
BALANCER, VOLUME, SNAPSHOT = "NLB", "volume", "snapshot"
SECURITY_GROUP, ANTI_AFFINITY_GROUP = "security group", "anti-affinity group"
KINDS = (CLUSTER, NODEPOOL, INSTANCE, BALANCER, VOLUME, SNAPSHOT, SECURITY_GROUP, ANTI_AFFINITY_GROUP)
DATA = (VOLUME, SNAPSHOT)

# What `components/identity.py` writes into what takes no labels, or gets none; the id in brackets is the stack's own.
_DESCRIPTION = re.compile(
    r".+ of Pulumi stack (?P<project>[^/ ]+)/(?P<stack>\S+?)(?: \((?P<stack_id>[0-9a-f]+)\))?, owner [\w.-]+"
)
_COMMANDS = {
    CLUSTER: "exo compute sks delete {id} --zone {zone}",
    NODEPOOL: "exo compute sks nodepool delete {parent} {id} --zone {zone}",
    BALANCER: "exo compute load-balancer delete {id} --zone {zone}",
    VOLUME: "exo compute block-storage delete {id} --zone {zone}",
    SNAPSHOT: "exo compute block-storage snapshot delete {id} --zone {zone}",
    SECURITY_GROUP: "exo compute security-group delete {id}",
    ANTI_AFFINITY_GROUP: "exo compute anti-affinity-group delete {id}",
}


@dataclass(frozen=True, order=True)
class Whose:
    """A stack; `stack_id` is empty where what it made does not carry one."""

    project: str
    stack: str
    stack_id: str = ""

    @classmethod
    def by_labels(cls, document: Document) -> "Whose | None":
        """Who put these labels on it; None where it carries no stack's."""
        labels = document.get("labels") or {}
        if labels.get("project") and labels.get("stack"):
            return cls(labels["project"], labels["stack"], labels.get(STACK_ID, ""))
        return None

    @classmethod
    def by_description(cls, document: Document) -> "Whose | None":
        """Whom both its name and its description tell; None where they tell nobody, or not the same."""
        said = _DESCRIPTION.fullmatch(document.get("description") or "")
        if not said:
            return None
        # Exoscale lower-cases the names of security groups (facts §3); nouns hold no hyphen.
        start, _, noun = document["name"].rpartition("-")
        if not noun or start.lower() != f"{said['project']}-{said['stack']}".lower():
            return None
        return cls(said["project"], said["stack"], said["stack_id"] or "")

    def __str__(self) -> str:
        return f"{self.project}/{self.stack}" + (f" (stack-id {self.stack_id})" if self.stack_id else "")


@dataclass(frozen=True)
class Holding:
    """One thing in the account.

    Args:
        zone: empty for what is in every zone.
        created: None where the API does not say.
        per_month: CHF; None where the price is unknown. A nodepool costs what its instances cost, and they are listed.
        whose: None where nothing proves it.
        proof: what does prove it, in words; or, where nothing does, what is known.
        billable: whether it costs something, or will.
        parent: id of the cluster of a nodepool, and of the nodepool of an instance; empty for others.
        through: id of the other thing that makes it the stack's, where that is what does.
    """

    kind: str
    id: str
    name: str
    zone: str
    created: datetime | None
    per_month: Decimal | None
    whose: Whose | None
    proof: str
    billable: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    through: str = ""

    @property
    def command(self) -> str:
        """How a person removes it."""
        command = _COMMANDS.get(self.kind, "goes with its nodepool")
        return command.format(id=self.id, zone=self.zone, parent=self.parent)

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.name})"
