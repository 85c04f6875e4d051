"""The changes as a diff: a marker in the first column of each line, which GitHub colours."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .markdown import one_line
from .plan import CREATE, DELETE, REPLACE, SAME, UPDATE, Change, Plan

_MARKERS = {CREATE: "+", UPDATE: "!", REPLACE: "!", DELETE: "-"}
# docs/plugins.md, Engine
_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_DEEPEST = 12


def diff(plan: Plan) -> list[str]:
    """Returns its lines: replacements and deletions first, components only if they are alone."""
    order = (REPLACE, DELETE, UPDATE, CREATE)
    changed = [change for change in plan.changes.values() if change.kind != SAME and not change.is_component]
    changed.sort(key=lambda change: order.index(change.kind))
    return [line for change in changed for line in _lines(change)]


def _lines(change: Change) -> Iterator[str]:
    keys = f", because of {', '.join(change.keys)}" if change.keys and change.kind in (REPLACE, UPDATE) else ""
    yield f"{_MARKERS[change.kind]} " + one_line(f"{change.kind} {change.short_type} {change.name}{keys}")
    if change.kind == DELETE:
        return
    before, after = (dict(_leaves(state.inputs)) if state else {} for state in (change.before, change.after))
    for path in dict.fromkeys([*before, *after]):
        old, new = before.get(path), after.get(path)
        for marker, one in (("-", old), ("+", new)) if old != new else ():
            if one is not None:
                yield f"{marker}     {one_line(path)}: {one_line(one)}"


def _leaves(found: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Returns the JSON of each value in an object, with its path, such as `labels.owner`."""
    if isinstance(found, Mapping) and found.get(_SIGNATURE) == _SECRET:
        yield path, "[secret]"
    elif found == _UNKNOWN:
        yield path, "(known after the up)"
    elif isinstance(found, Mapping) and found and depth < _DEEPEST:
        for key, one in found.items():
            yield from _leaves(one, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(found, list) and found and depth < _DEEPEST:
        for number, one in enumerate(found):
            yield from _leaves(one, f"{path}[{number}]", depth + 1)
    elif path:
        yield path, _text(found)


def _text(found: Any) -> str:
    try:
        return json.dumps(found, ensure_ascii=False, sort_keys=True)
    except RecursionError:
        return "(too deep to be shown)"
