"""What a preview plans, read from others' text: every field has the type that it says, whatever the text held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CREATE, UPDATE, REPLACE, DELETE, SAME = "create", "update", "replace", "delete", "same"
_REPLACING = ("replace", "create-replacement", "delete-replaced", "import-replacement")
_KINDS = {**dict.fromkeys(_REPLACING, REPLACE), "import": CREATE}
KINDS = (CREATE, UPDATE, REPLACE, DELETE, SAME)


@dataclass(frozen=True)
class State:
    """A resource before or after the `up`.

    Args:
        inputs: its inputs; the engine has replaced secrets.
        protected: whether the engine refuses to delete it.
        custom: whether a provider manages it; else it is a component.
    """

    inputs: Mapping[str, Any]
    protected: bool = False
    custom: bool = True

    @classmethod
    def of(cls, found: Any) -> "State | None":
        """Reads it from an event; None if there is none, or if an earlier `up` already replaced it."""
        if not isinstance(found, dict) or found.get("delete") is True:
            return None
        inputs = found.get("inputs")
        kept = {key: one for key, one in inputs.items() if not key.startswith("__")} if isinstance(inputs, dict) else {}
        return cls(kept, found.get("protect") is True, found.get("custom") is True)


@dataclass
class Change:
    """What happens to one resource.

    Args:
        type: its type, such as `exoscale:index/nlb:Nlb`.
        name: its name in the program.
        kind: one of `KINDS`.
        before: None if it does not exist yet.
        after: None if it is deleted.
        keys: the properties because of which it is updated or replaced, as far as the provider named them.
    """

    type: str
    name: str
    kind: str
    before: State | None = None
    after: State | None = None
    keys: Sequence[str] = ()

    @property
    def short_type(self) -> str:
        """The type without its package, such as `Nlb`."""
        return self.type.rpartition(":")[2]

    @property
    def is_component(self) -> bool:
        """Whether it only groups others."""
        return not any(state.custom for state in (self.before, self.after) if state)


@dataclass
class Plan:
    """A preview of one stack.

    Args:
        stack: the stack's name.
        changes: each resource's, unchanged ones too, by URN.
        destroyed: URNs of what is deleted, in the engine's order.
        errors: error messages; the preview failed if there are any, or if it did not finish.
        warnings: warnings, with which this program announces what an `up` takes away.
        finished: whether the engine came to its end.
        hidden: number of unchanged resources that the text leaves out.
    """

    stack: str
    changes: dict[str, Change] = field(default_factory=dict)
    destroyed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    finished: bool = False
    hidden: int = 0

    @property
    def failed(self) -> bool:
        """Whether the preview failed, so that the plan is not all of it."""
        return bool(self.errors) or not self.finished

    def count(self, kind: str) -> int:
        """The number of resources to which this happens."""
        return sum(change.kind == kind for change in self.changes.values()) + (self.hidden if kind == SAME else 0)

    def add(self, step: Mapping[str, Any], before: Any, after: Any, keys: Any) -> None:
        """Adds one step of the engine's; a replacement consists of several."""
        operation, urn = step.get("op"), step.get("urn")
        if not isinstance(operation, str) or not isinstance(urn, str):
            return
        kind = _KINDS.get(operation, operation)
        if kind not in KINDS:
            return  # reads, and removals from the state alone
        _, _, type_, name = ["", "", "", "", *urn.split("::", 3)][-4:]
        type_ = type_.rpartition("$")[2]
        if type_.startswith("pulumi:providers:") and name.startswith("default"):
            return  # made by the engine, which does not count them either
        change = self.changes.setdefault(urn, Change(type_, name, kind))
        if change.kind != REPLACE:
            change.kind = kind
        change.before = change.before or (State.of(before) if kind != CREATE else None)
        change.after = (State.of(after) if kind != DELETE and operation != "delete-replaced" else None) or change.after
        if isinstance(keys, list):
            change.keys = [*dict.fromkeys([*change.keys, *(key for key in keys if isinstance(key, str))])]
        if operation in ("delete", "delete-replaced"):
            self.destroyed.append(urn)
