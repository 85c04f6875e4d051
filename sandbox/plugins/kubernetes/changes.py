"""Differences between property trees, and marks (secret, unknown) carried from one tree to another."""

import re
from collections.abc import Iterable
from typing import Any

from sandbox.plugins.properties import UNKNOWN, Secret, Unknown
from sandbox.plugins.provider import Change

Path = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]*$")
_REPLACING = {
    Change.ADD: Change.ADD_REPLACE,
    Change.DELETE: Change.DELETE_REPLACE,
    Change.UPDATE: Change.UPDATE_REPLACE,
}


def compare(old: Any, new: Any, removable: Any, path: Path = ()) -> dict[Path, Change]:
    """Returns the changes that turn `old` into `new`, by path.

    Args:
        removable: of what is missing in `new`, only what is in here counts as removed; the rest is left alone,
            as in a three-way merge.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        last = removable if isinstance(removable, dict) else {}
        changes: dict[Path, Change] = {}
        for key in sorted({*old, *new}):
            if key not in new:
                if key in last:
                    changes[(*path, key)] = Change.DELETE
            elif key not in old:
                changes[(*path, key)] = Change.ADD
            else:
                changes |= compare(old[key], new[key], last.get(key), (*path, key))
        return changes
    if isinstance(old, list) and isinstance(new, list):
        changes = {}
        for index in range(max(len(old), len(new))):
            if index >= len(new):
                changes[(*path, index)] = Change.DELETE
            elif index >= len(old):
                changes[(*path, index)] = Change.ADD
            else:
                changes |= compare(old[index], new[index], old[index], (*path, index))
        return changes
    return {} if old == new and type(old) is type(new) else {path: Change.UPDATE}


def replacing(changes: dict[Path, Change], forcing: Iterable[Path]) -> dict[Path, Change]:
    """Returns the same changes, with those at or below a forcing path as replacements."""
    prefixes = list(forcing)
    return {
        path: _REPLACING[change] if any(path[: len(prefix)] == prefix for prefix in prefixes) else change
        for path, change in changes.items()
    }


def is_replacement(change: Change) -> bool:
    """Whether the change cannot be made in place."""
    return change in _REPLACING.values()


def text(path: Path) -> str:
    """Formats a property path as the engine does: `spec.ports[0].port`, `metadata.annotations["a.b/c"]`."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        elif _PLAIN_KEY.match(part):
            written += f".{part}" if written else part
        else:
            written += f'["{part}"]'
    return written


def parse(written: str) -> Path:
    """Parses a path formatted by `text`."""
    parts = re.findall(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)', written)
    return tuple(quoted or (int(index) if index else key) for quoted, index, key in parts)


def prune(value: Any, shape: Any) -> Any:
    """Removes keys that the shape does not have: leaves the live state of what the program sets."""
    if isinstance(value, dict) and isinstance(shape, dict):
        return {key: prune(item, shape[key]) for key, item in value.items() if key in shape}
    if isinstance(value, list) and isinstance(shape, list):
        paired = [prune(item, like) for item, like in zip(value, shape, strict=False)]
        return paired + value[len(shape) :]
    return value


def mark(value: Any, marks: Any) -> Any:
    """Marks secrets and unknowns as in another tree, at the same places."""
    if isinstance(marks, Unknown):
        return UNKNOWN
    if isinstance(marks, Secret):
        inner = mark(value, marks.value)
        return inner if isinstance(inner, Secret) else Secret(inner)
    if isinstance(value, dict) and isinstance(marks, dict):
        marked = {key: mark(item, marks[key]) if key in marks else item for key, item in value.items()}
        return marked | {key: UNKNOWN for key, item in marks.items() if isinstance(item, Unknown)}
    if isinstance(value, list) and isinstance(marks, list) and len(value) == len(marks):
        return [mark(item, like) for item, like in zip(value, marks, strict=True)]
    return value


def without_nulls(value: Any) -> Any:
    """Removes null entries, which the plugin skips wherever it decodes properties."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return Secret(without_nulls(value.value)) if isinstance(value, Secret) else value
