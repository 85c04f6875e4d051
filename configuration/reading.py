"""Reads untyped configuration key by key and collects what is wrong with it, one line for each mistake."""

import difflib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Form:
    """What a text has to look like: a regular expression for all of it, and the same in words."""

    pattern: str
    words: str

    def fits(self, value: Any) -> bool:
        """Whether it is a text of this form."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


NOT_EMPTY = Form(r".+", "a text that is not empty")
ANY = Form(r".*", "a text")
# A stack's name becomes a label of Kubernetes nodes, and Exoscale lower-cases the names of security groups.
STACK = Form(
    r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?",
    "63 letters, digits or . _ - at most, a letter or digit at both ends, all in lower case",
)


class Table:
    """One object of the configuration. Every getter notes a bad value in `problems` and goes on.

    Args:
        path: what the object is called, as `pulumi config set --path` takes it.
        values: the object; anything else is a problem.
        problems: gets a line for each mistake: the key, its value, and what is allowed.
        separator: between the path and a key.
    """

    def __init__(self, path: str, values: Any, problems: list[str], separator: str = ".") -> None:
        self.path = path
        self.problems = problems
        self._separator = separator
        self._known: set[str] = set()
        self.sound = isinstance(values, Mapping)
        if not self.sound:
            self.refuse(path, values, "an object")
        self.values: Mapping[str, Any] = values if self.sound else {}

    def text(self, key: str, default: str | None = None, allowed: Collection[str] = (), form: Form = NOT_EMPTY) -> str:
        """A string. Without a default the key must be set.

        Args:
            key: its name.
            default: when it is not set.
            allowed: the values to choose from; empty allows what has the form.
            form: what it looks like.
        """
        value = self._value(key, default)
        if allowed and value not in allowed:
            self.refuse(self.full(key), value, ", ".join(allowed))
        elif not form.fits(value):
            self.refuse(self.full(key), value, form.words)
        return value if isinstance(value, str) else ""

    def number(self, key: str, default: int | None, least: int, most: int | None = None) -> int:
        """A whole number from `least` to `most`, both allowed. Without a default the key must be set."""
        value = self._value(key, default)
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or not least <= value <= (value if most is None else most)
        ):
            self.refuse(self.full(key), value, f"a whole number from {least}{'' if most is None else f' to {most}'}")
            return least if default is None else default
        return value

    def switch(self, key: str, default: bool | None = None) -> bool:
        """True or false; the engine hands a boolean of the top level over as text."""
        value = self._value(key, default)
        value = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
        if not isinstance(value, bool):
            self.refuse(self.full(key), value, "true, false")
            return bool(default)
        return value

    def texts(self, key: str, default: tuple[str, ...], form: Form = NOT_EMPTY) -> tuple[str, ...]:
        """A list of strings, at least one, each of the form."""
        value = self._value(key, default)
        if not isinstance(value, list | tuple) or not value or not all(form.fits(item) for item in value):
            self.refuse(self.full(key), value, f"a list with at least one, each {form.words}")
            return default
        return tuple(value)

    def table(self, key: str) -> "Table":
        """An object in this one; empty when it is not set."""
        return Table(self.full(key), self._value(key, {}), self.problems)

    def names(self, form: Form) -> tuple[str, ...]:
        """The object's own keys, for an object whose keys are the user's choice."""
        for key in self.values:
            if not form.fits(key):
                self.problems.append(f"{self.full(key)} is no name; allowed: {form.words}")
        self._known.update(self.values)
        return tuple(sorted(self.values))

    def finish(self) -> None:
        """Refuses the keys that nobody asked for, with the nearest that somebody did."""
        for key in sorted(set(self.values) - self._known):
            near = difflib.get_close_matches(key, sorted(self._known), n=1, cutoff=0)
            self.problems.append(f"{self.full(key)} is not a setting; did you mean {self.full(near[0])}?")

    def refuse(self, key: str, value: Any, allowed: str) -> None:
        """Notes a problem: `key` (in full) has a value that is not among what is allowed."""
        said = "not set" if value is None else json.dumps(value)
        self.problems.append(f"{key} is {said}; allowed: {allowed}")

    def full(self, key: str) -> str:
        """The key with its path."""
        return f"{self.path}{self._separator}{key}"

    def _value(self, key: str, default: Any) -> Any:
        self._known.add(key)
        value = self.values.get(key)
        return default if value is None else value
