"""The stack that a resource belongs to, in its labels or its description. Only this module writes and reads them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

STACK_ID = "stack-id"
STACK_ID_LENGTH = 12  # characters of a new one
KEYS = ("project", "stack", "owner", STACK_ID)
# Nouns of the ingress controller's NLB: the stack's own, and the one that the cloud controller manager makes. Names are
# unique, and while one NLB replaces the other, both exist.
INGRESS, MADE_BY_CCM = "ingress", "ccm"

_DESCRIPTION = re.compile(
    r".+ of Pulumi stack (?P<project>[^/ ]+)/(?P<stack>\S+?)(?: \((?P<id>[0-9a-f]+)\))?, owner [\w.-]+", re.DOTALL
)


@dataclass(frozen=True, order=True)
class StackRef:
    """One stack. Two are the same if project, stack and id are. So a copy of the state under another name, a stack of
    the same name in another backend, and an earlier stack of this name are all different stacks.

    Args:
        project: the Pulumi project's name.
        stack: the stack's name.
        id: the random id that the stack got at its first `up`; empty if it has none.
        organization: id of its Exoscale organisation; empty if that is not known. It is in no label.
    """

    project: str
    stack: str
    id: str = ""
    organization: str = field(default="", compare=False)

    @classmethod
    def from_labels(cls, document: Mapping[str, Any]) -> "StackRef | None":
        """Reads the stack from a resource's labels, as the API shows them; None if they name no stack."""
        labels = document.get("labels") or {}
        if labels.get("project") and labels.get("stack"):
            return cls(labels["project"], labels["stack"], labels.get(STACK_ID, ""))
        # An id alone still shows that somebody owns it.
        return cls("", "", labels[STACK_ID]) if labels.get(STACK_ID) else None

    @classmethod
    def from_description(cls, document: Mapping[str, Any]) -> "StackRef | None":
        """Reads the stack from a resource's name and description; None if they name none, or not the same."""
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
        """Returns the only known stack of this id, if this one is not known: a group keeps its original text, and its
        stack may have been renamed since. If both are known, one may be a copy of the other's state."""
        same = [one for one in known if one.id == self.id] if self.id and self not in known else []
        return same[0] if len(same) == 1 else self

    def name(self, noun: str) -> str:
        """Builds a name in the account that no other stack of the project has.

        Stack names may contain hyphens, so `dev` with a pool `a-b` and `dev-a` with a pool `b` must not collide: the
        noun gets no hyphen, so the last hyphen of a name is always where the stack's name ends.
        """
        return f"{self.project}-{self.stack}-{noun.replace('-', '_')}"

    @property
    def host_names(self) -> tuple[str, str]:
        """The stack's names within a DNS domain: itself, and everything below."""
        label = f"{self.project}-{self.stack}"
        return label, f"*.{label}"

    @staticmethod
    def noun(name: str) -> str:
        """Finds what a name in the account was made for, such as a nodepool's name."""
        return name.rpartition("-")[2].replace("_", "-")

    def labels(self, owner: str) -> dict[str, str]:
        """Returns the labels for resources that take labels.

        Args:
            owner: the person to contact.
        """
        return dict(zip(KEYS, (self.project, self.stack, owner, self.id), strict=True))

    def describe(self, what: str, owner: str) -> str:
        """Returns the description of a resource without labels; `what` says what it is for."""
        id_ = f" ({self.id})" if self.id else ""
        return f"{what} of Pulumi stack {self.project}/{self.stack}{id_}, owner {owner}"

    def __str__(self) -> str:
        return f"{self.project}/{self.stack}" + (f" (stack-id {self.id})" if self.id else "")
