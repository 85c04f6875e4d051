"""The parts of a resource: its inputs, outputs and the four functions that call the cloud."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.plugins.exoscale.clients import Clients
from sandbox.plugins.properties import Properties, has_unknown, plain

DEFAULTS = "__defaults"  # names of the inputs that the program did not set, kept in the checked inputs
TIMEOUT_SECONDS = 3600.0


@dataclass(frozen=True)
class Input:
    """One input property.

    Attributes:
        required: Check refuses a program without it.
        default: filled in at Check.
        replaces: a change makes a new object.
        computed: the cloud chooses where the program does not; unset, it never shows a difference.
        unordered: a Terraform set, so the order of the list means nothing.
        any_case: letter case means nothing.
        elements: defaults of the object, or of each object in the list.
        block: a block of Terraform's, which is empty where it is unset, and not null.
        flat: a list of at most one in Terraform; the property is that one, or null.
        terraform: Terraform's name where it is not the property's own in snake case.
        check: returns the reason why a known value is refused, or None.
    """

    required: bool = False
    default: Any = None
    replaces: bool = False
    computed: bool = False
    unordered: bool = False
    any_case: bool = False
    elements: Mapping[str, Any] = field(default_factory=dict)
    block: bool = False
    flat: bool = False
    terraform: str = ""
    check: Callable[[Any], str | None] = lambda value: None

    def comparable(self, value: Any) -> Any:
        """The value such that equal means no difference: to Terraform unset, empty, false and 0 are one."""
        return self._normal(plain(value))

    def _normal(self, value: Any) -> Any:
        if isinstance(value, dict):
            items = {key: self._normal(item) for key, item in value.items() if key != DEFAULTS}
            return {key: item for key, item in sorted(items.items()) if item is not None} or None
        if isinstance(value, list):
            normal = [self._normal(item) for item in value]
            return (sorted(normal, key=repr) if self.unordered else normal) or None
        if isinstance(value, str) and self.any_case:
            value = value.lower()
        return value or None


@dataclass(frozen=True)
class Edit:
    """The changes of an update.

    Attributes:
        old: the outputs in the state.
        new: the same with the new inputs over them.
        keys: the inputs that differ.
    """

    old: Properties
    new: Properties
    keys: frozenset[str]

    def touches(self, *keys: str) -> bool:
        """Whether any of these inputs differs."""
        return bool(self.keys & set(keys))


Created = tuple[str, Properties]
Create = Callable[[Clients, Properties], Created]
Read = Callable[[Clients, str, Properties], Properties | None]
Update = Callable[[Clients, str, Edit], None]
Delete = Callable[[Clients, str, Properties], None]


@dataclass(frozen=True)
class Resource:
    """One resource type.

    Attributes:
        inputs: by property name. One that is called `name` and not required is autonamed.
        outputs: computed properties that are no inputs.
        create: makes the object and returns its id, and outputs that only the creation tells. A failure in it
            leaves nothing in the state, so what the cloud already made is an orphan.
        read: the live properties, or None when the object is gone. Given what is known so far.
        refresh: what a refresh and an import call, where that is not `read`.
        update: None where every input replaces.
        conflicts: sets of inputs of which at most one may be given.
        foretold: outputs whose value a preview of the creation already knows.
        renewal: asked at each Diff with outputs and new inputs; the name of the output that must be renewed by
            a replacement, or None.
        import_id: the form of an import id, e.g. `<id>@<zone>`; None where there is no importer.
        secrets: outputs that are secret.
        update_timeout: whether customTimeouts.update means anything; if not, the plugin warns.
        schema_version: of Terraform's schema, 0 where it never changed.
        own_timeouts: false for the nodepool, whose update and delete look at the creation's customTimeouts.
    """

    type: str
    inputs: Mapping[str, Input]
    outputs: tuple[str, ...]
    create: Create
    read: Read
    delete: Delete
    refresh: Read | None = None
    update: Update | None = None
    conflicts: tuple[frozenset[str], ...] = ()
    foretold: Mapping[str, Any] = field(default_factory=dict)
    renewal: Callable[[Properties, Properties], str | None] = lambda outputs, inputs: None
    import_id: str | None = None
    secrets: frozenset[str] = frozenset()
    update_timeout: bool = True
    own_timeouts: bool = True
    schema_version: int = 0

    @property
    def autonamed(self) -> bool:
        """Whether Check generates a name."""
        return "name" in self.inputs

    def edit(self, olds: Properties, news: Properties) -> Edit:
        """Returns the differences between the outputs in the state and the checked inputs."""
        new = {key: value for key, value in news.items() if key in self.inputs}
        keep = {k: v for k, v in olds.items() if k in self.outputs or (k in self.inputs and self.inputs[k].computed)}
        keys = frozenset(key for key, spec in self.inputs.items() if _differs(spec, olds.get(key), new.get(key)))
        return Edit(olds, {**keep, **new}, keys)


@dataclass(frozen=True)
class Function:
    """One function, which is a data source of Terraform's.

    Attributes:
        required: arguments that it refuses to be called without.
        call: asks the cloud.
    """

    token: str
    required: tuple[str, ...]
    call: Callable[[Clients, Properties], Properties]


def _differs(spec: Input, old: Any, new: Any) -> bool:
    if new is None and spec.computed:
        return False
    return has_unknown(new) or spec.comparable(old) != spec.comparable(new)


def present(**values: Any) -> Properties:
    """Returns only the values that are set, for a request body. `_` in a name stands for `-`."""
    return {
        key.replace("_", "-"): value for key, value in values.items() if value is not None and value not in ("", [], {})
    }


def references(ids: list[str] | None) -> list[dict[str, str]]:
    """Returns ids as references for the API."""
    return [{"id": id_} for id_ in ids or []]


def ids(documents: list[dict[str, Any]] | None) -> list[str]:
    """Returns the ids of the API's references."""
    return [document["id"] for document in documents or []]
