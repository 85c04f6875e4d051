"""Reads untyped configuration key by key and collects mistakes, one line each."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from components.checks import NOT_EMPTY, Checks, Form, Invalid, Problem

T = TypeVar("T")


class Table:
    """One object of the configuration. Every getter notes a bad value in `problems` and goes on.

    Args:
        path: the object's path, as for `pulumi config set --path`.
        values: the object; anything else is a mistake.
        problems: gets a line for each mistake: the key, its value, and what is allowed.
        separator: separator between the path and a key.
    """

    def __init__(self, path: str, values: Any, problems: list[str], separator: str = ".") -> None:
        self.path = path
        self.problems = problems
        self._separator = separator
        self._known: set[str] = set()
        self.sound = isinstance(values, Mapping)
        if not self.sound:
            self._refuse(path, values, "an object")
        self.values: Mapping[str, Any] = values if self.sound else {}

    def take(self, key: str, default: Any = None) -> Any:
        """Returns the key's value unchecked."""
        self._known.add(key)
        value = self.values.get(key)
        return default if value is None else value

    def text(self, key: str, default: str | None = None, allowed: Collection[str] = (), form: Form = NOT_EMPTY) -> str:
        """Returns a string. Without a default the key must be set.

        Args:
            key: its name.
            default: value if it is not set.
            allowed: the allowed values; empty allows every text of the form.
            form: the form it must have.
        """
        checks, value = Checks(), self.take(key, default)
        _ = checks.one_of(key, value, allowed) if allowed else checks.form(key, value, form)
        self.adopt(checks.problems)
        return value if not checks.problems else default or ""

    def switch(self, key: str) -> Any:
        """Returns true or false; the engine passes a top-level boolean as text."""
        value = self.take(key)
        return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value

    def whole(self, key: str) -> Any:
        """Returns a whole number, unchecked; the engine passes a top-level one as text."""
        value = self.take(key)
        return int(value) if isinstance(value, str) and re.fullmatch("-?[0-9]+", value) else value

    def table(self, key: str) -> "Table":
        """Returns a nested object; empty if it is not set."""
        return Table(self.full(key), self.take(key, {}), self.problems)

    def names(self) -> tuple[str, ...]:
        """Returns the object's keys, for an object whose keys the user chooses."""
        self._known.update(self.values)
        return tuple(sorted(self.values))

    def arguments(self, kind: type[Any], **keys: str) -> dict[str, Any]:
        """Returns the values that are set, by the names of a class's arguments; the others keep their defaults.

        Args:
            kind: a dataclass.
            keys: names of settings by argument. Without any, every argument is a setting of the same name.
        """
        called = keys or {field.name: field.name.replace("_", "-") for field in fields(kind)}
        taken = {name: self.take(key) for name, key in called.items()}
        return {name: value for name, value in taken.items() if value is not None}

    def made(self, kind: type[T], arguments: Mapping[str, Any], keys: Mapping[str, str] | None = None) -> T | None:
        """Makes an object of this class; if it refuses its arguments, notes the mistakes and returns None.

        Args:
            kind: a class that raises Invalid.
            arguments: its arguments.
            keys: names of settings by argument, if they are not the argument's name with hyphens.
        """
        try:
            return kind(**arguments)
        except Invalid as error:
            self.adopt(error.problems, keys)
            return None

    def adopt(self, problems: Sequence[Problem], keys: Mapping[str, str] | None = None) -> None:
        """Notes mistakes under the names of settings; see `made`."""
        for problem in problems:
            first, *rest = problem.path
            key = (keys or {}).get(first, first.replace("_", "-"))
            # An argument that is not a setting has a description instead, such as `the stack's name`.
            full = key if " " in key else self.full(".".join([key, *rest]))
            self.problems.append(f"{full} {problem.text}")

    def finish(self) -> None:
        """Refuses the keys that were not read, and suggests the nearest one that was."""
        for key in sorted(set(self.values) - self._known):
            near = difflib.get_close_matches(key, sorted(self._known), n=1, cutoff=0)
            self.problems.append(f"{self.full(key)} is not a setting; did you mean {self.full(near[0])}?")

    def refuse(self, key: str, value: Any, allowed: str) -> None:
        """Notes a mistake: the key's value is not allowed."""
        self._refuse(self.full(key), value, allowed)

    def full(self, key: str) -> str:
        """Returns the key with its path."""
        return f"{self.path}{self._separator}{key}"

    def _refuse(self, full: str, value: Any, allowed: str) -> None:
        checks = Checks()
        checks.refuse(full, value, allowed)
        self.problems += map(str, checks.problems)
