"""Which stack a thing belongs to, as its labels or its description say. Written and read here only."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

STACK_ID = "stack-id"
STACK_ID_LENGTH = 12  # characters of a new one
KEYS = ("project", "stack", "owner", STACK_ID)
# Nouns of the ingress controller's NLB: the stack's own, and the one that the cloud controller manager makes. A name is
# used once, and while the one takes the other's place both are there.
INGRESS, MADE_BY_CCM = "ingress", "ccm"

_DESCRIPTION = re.compile(
    r".+ of Pulumi stack (?P<project>[^/ ]+)/(?P<stack>\S+?)(?: \((?P<id>[0-9a-f]+)\))?, owner [\w.-]+", re.DOTALL
)


@dataclass(frozen=True, order=True)
class StackRef:
    """One stack. Two are the same when project, stack and id are, so a state that was copied into a stack of another
    name, a stack of the same name in another backend and the one that had the name before are all others.

    Args:
        project: the Pulumi project's name.
        stack: the stack's name.
        id: the random id that the stack gave itself at its first `up`; empty where it gave itself none.
        organization: id of the Exoscale organisation that it lives in; empty where that is not known. No label says it.
    """

    project: str
    stack: str
    id: str = ""
    organization: str = field(default="", compare=False)

    @classmethod
    def from_labels(cls, document: Mapping[str, Any]) -> "StackRef | None":
        """Whose labels a resource carries, as the API shows it; None where they name no stack."""
        labels = document.get("labels") or {}
        if labels.get("project") and labels.get("stack"):
            return cls(labels["project"], labels["stack"], labels.get(STACK_ID, ""))
        # An id alone still says that it is somebody's.
        return cls("", "", labels[STACK_ID]) if labels.get(STACK_ID) else None

    @classmethod
    def from_description(cls, document: Mapping[str, Any]) -> "StackRef | None":
        """Whom both its name and its description name; None where they name nobody, or not the same."""
        said = cls.said(document.get("description") or "")
        if not said:
            return None
        start, _, noun = (document.get("name") or "").rpartition("-")
        # Exoscale lower-cases the names of security groups: resource_exoscale_security_group.go of its Terraform
        # provider, in the upgrader of state version 0.
        return said if noun and start.lower() == f"{said.project}-{said.stack}".lower() else None

    @classmethod
    def said(cls, description: str) -> "StackRef | None":
        """Whom a description alone names, which is no proof where anybody may write one; None where it names nobody."""
        said = _DESCRIPTION.fullmatch(description)
        return cls(said["project"], said["stack"], said["id"] or "") if said else None

    def under_todays_name(self, known: "Collection[StackRef]") -> "StackRef":
        """The one stack of this id that is known, where this one is not: a group keeps the text that it was made with,
        and its stack may have been renamed since. While both are known, one may be a copy of the other's state."""
        same = [one for one in known if one.id == self.id] if self.id and self not in known else []
        return same[0] if len(same) == 1 else self

    def name(self, noun: str) -> str:
        """The name of a thing in the account, unlike that of any other stack of the project.

        Stack names hold hyphens, so `dev` with a pool `a-b` and `dev-a` with a pool `b` must not meet: the noun gets
        none, and the last hyphen of a name is always where the stack's name ends.
        """
        return f"{self.project}-{self.stack}-{noun.replace('-', '_')}"

    @staticmethod
    def noun(name: str) -> str:
        """Finds what a name in the account was made for, such as a nodepool's name."""
        return name.rpartition("-")[2].replace("_", "-")

    def labels(self, owner: str) -> dict[str, str]:
        """For what takes labels.

        Args:
            owner: the person to contact.
        """
        return dict(zip(KEYS, (self.project, self.stack, owner, self.id), strict=True))

    def describe(self, what: str, owner: str) -> str:
        """The description of what takes no labels, or gets none; `what` says what it is for."""
        id_ = f" ({self.id})" if self.id else ""
        return f"{what} of Pulumi stack {self.project}/{self.stack}{id_}, owner {owner}"

    def __str__(self) -> str:
        return f"{self.project}/{self.stack}" + (f" (stack-id {self.id})" if self.id else "")
