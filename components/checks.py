"""Checks arguments where they are made: every mistake is one line, and all of them are said at once."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DAY = 24 * 3600  # seconds; longer waits are taken for mistakes, and Helm's own limit overflows far above


@dataclass(frozen=True)
class Form:
    """The form that a text must have: a regular expression for all of it, and the same in words."""

    pattern: str
    words: str

    def fits(self, value: Any) -> bool:
        """Whether it is a text of this form."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


NOT_EMPTY = Form(r".+", "a text that is not empty")
ANY = Form(r".*", "a text")


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Args:
        path: the argument, and below it the key in it.
        text: what is wrong with it and what is allowed, as the rest of a sentence that begins with the argument.
    """

    path: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} {self.text}"


class Invalid(ValueError):
    """Arguments that cannot work. Its text has a line for each mistake."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Checks:
    """Collects the mistakes in the arguments of one class; `finish` raises them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, path: str | tuple[str, ...], value: Any, allowed: str) -> None:
        """Notes that a value is not among what is allowed."""
        said = "not set" if value is None else json.dumps(value, default=str)
        self.note(path, f"is {said}; allowed: {allowed}")

    def note(self, path: str | tuple[str, ...], text: str) -> None:
        """Notes a mistake in words of its own."""
        self.problems.append(Problem((path,) if isinstance(path, str) else path, text))

    def one_of(self, path: str, value: Any, allowed: Collection[str]) -> bool:
        """Whether it is one of these."""
        return self._holds(isinstance(value, str) and value in allowed, path, value, ", ".join(allowed))

    def form(self, path: str | tuple[str, ...], value: Any, form: Form) -> bool:
        """Whether it is a text of this form."""
        return self._holds(form.fits(value), path, value, form.words)

    def number(self, path: str | tuple[str, ...], value: Any, least: int, most: int | None = None) -> bool:
        """Whether it is a whole number from `least` to `most`, both allowed."""
        holds = isinstance(value, int) and not isinstance(value, bool)
        holds = holds and least <= value and (most is None or value <= most)
        return self._holds(holds, path, value, f"a whole number from {least}{'' if most is None else f' to {most}'}")

    def switch(self, path: str, value: Any) -> bool:
        """Whether it is true or false."""
        return self._holds(isinstance(value, bool), path, value, "true, false")

    def texts(self, path: str, value: Any, form: Form) -> bool:
        """Whether it is a list of texts, at least one, each of the form."""
        holds = isinstance(value, list | tuple) and len(value) > 0 and all(form.fits(item) for item in value)
        return self._holds(holds, path, value, f"a list with at least one, each {form.words}")

    def texts_by_name(self, path: str, value: Any, name: Form, form: Form) -> bool:
        """Whether it is a mapping of such names to such texts."""
        if not self._holds(isinstance(value, Mapping), path, value, "an object"):
            return False
        before = len(self.problems)
        for key, text in sorted(value.items(), key=lambda item: str(item[0])):
            if not name.fits(key):
                self.note((path, str(key)), f"is no name; allowed: {name.words}")
            self.form((path, str(key)), text, form)
        return len(self.problems) == before

    def finish(self) -> None:
        """
        Raises:
            Invalid: something was wrong.
        """
        if self.problems:
            raise Invalid(self.problems)

    def _holds(self, holds: bool, path: str | tuple[str, ...], value: Any, allowed: str) -> bool:
        if not holds:
            self.refuse(path, value, allowed)
        return holds
