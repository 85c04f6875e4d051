"""Checks arguments in their constructor and reports all mistakes at once, one line each."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DAY = 24 * 3600  # seconds; a longer wait is taken for a mistake; Helm's own limit overflows far above this


@dataclass(frozen=True)
class Form:
    """The form a text has to have: a regular expression for the whole text, and a description of it."""

    pattern: str
    words: str

    def fits(self, value: Any) -> bool:
        """Whether the value is a text of this form."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


NOT_EMPTY = Form(r".+", "a text that is not empty")
ANY = Form(r".*", "a text")
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
HOST = Form(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*", "a DNS name")
DOMAIN = Form(rf"(?=.{{1,187}}$){_LABEL}(\.{_LABEL})+", "a domain such as example.org")  # with room for a name in it


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Args:
        path: the argument, followed by the key within it.
        text: what is wrong and what is allowed, completing a sentence that begins with the argument.
    """

    path: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} {self.text}"


class Invalid(ValueError):
    """Raised for arguments that cannot work. Its text has one line per mistake."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Checks:
    """Collects the mistakes in the arguments of one class; `finish` raises them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, path: str | tuple[str, ...], value: Any, allowed: str) -> None:
        """Notes that a value is not allowed."""
        said = "not set" if value is None else json.dumps(value, default=str)
        self.note(path, f"is {said}; allowed: {allowed}")

    def note(self, path: str | tuple[str, ...], text: str) -> None:
        """Notes a mistake with its own wording."""
        self.problems.append(Problem((path,) if isinstance(path, str) else path, text))

    def one_of(self, path: str, value: Any, allowed: Collection[str]) -> bool:
        """Whether the value is one of these."""
        return self._holds(isinstance(value, str) and value in allowed, path, value, ", ".join(allowed))

    def form(self, path: str | tuple[str, ...], value: Any, form: Form) -> bool:
        """Whether the value is a text of this form."""
        return self._holds(form.fits(value), path, value, form.words)

    def number(self, path: str | tuple[str, ...], value: Any, least: int, most: int | None = None) -> bool:
        """Whether the value is a whole number from `least` to `most`, inclusive."""
        holds = isinstance(value, int) and not isinstance(value, bool)
        holds = holds and least <= value and (most is None or value <= most)
        return self._holds(holds, path, value, f"a whole number from {least}{'' if most is None else f' to {most}'}")

    def switch(self, path: str, value: Any) -> bool:
        """Whether the value is true or false."""
        return self._holds(isinstance(value, bool), path, value, "true, false")

    def texts(self, path: str, value: Any, form: Form) -> bool:
        """Whether the value is a list of at least one text, each of this form."""
        holds = isinstance(value, list | tuple) and len(value) > 0 and all(form.fits(item) for item in value)
        return self._holds(holds, path, value, f"a list of at least one, each {form.words}")

    def texts_by_name(self, path: str, value: Any, name: Form, form: Form) -> bool:
        """Whether the value maps names to texts of these forms."""
        if not self._holds(isinstance(value, Mapping), path, value, "an object"):
            return False
        before = len(self.problems)
        for key, text in sorted(value.items(), key=lambda item: str(item[0])):
            if not name.fits(key):
                self.note((path, str(key)), f"is not a valid name; allowed: {name.words}")
            self.form((path, str(key)), text, form)
        return len(self.problems) == before

    def finish(self) -> None:
        """
        Raises:
            Invalid: a mistake was noted.
        """
        if self.problems:
            raise Invalid(self.problems)

    def _holds(self, holds: bool, path: str | tuple[str, ...], value: Any, allowed: str) -> bool:
        if not holds:
            self.refuse(path, value, allowed)
        return holds
