"""Reads what `pulumi preview` writes with `--event-log FILE` (a JSON event per line) or `--json` (one document)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..teardown.errors import TeardownError
from .plan import SAME, Plan

_MESSAGES, _LONGEST = 50, 4_000  # of each kind, and characters of each
_LARGEST = 16 * 2**20  # bytes; a stack of ours has some 200 kB


def read(stack: str, file: Path) -> Plan:
    """Reads a preview.

    Args:
        stack: the stack's name.
        file: what the engine wrote; empty if it did not begin.

    Raises:
        TeardownError: there is no such file, or it is too large.
    """
    try:
        size = file.stat().st_size if file.is_file() and not file.is_symlink() else None
        text = file.read_text(encoding="utf-8", errors="replace") if size is not None and size <= _LARGEST else ""
    except OSError as error:
        raise TeardownError(f"{file} cannot be read: {error.strerror}") from None
    if size is None:
        raise TeardownError(f"{file} is no file; allowed: what `pulumi preview --event-log FILE` or `--json` wrote")
    if size > _LARGEST:
        raise TeardownError(f"{file} has {size} bytes; allowed: at most {_LARGEST}")
    plan = Plan(stack)
    document = _json(text)
    if isinstance(document, dict) and "steps" in document:
        _read_document(plan, document)
        return plan
    for event in map(_json, text.split("\n")):
        if isinstance(event, dict):
            _read_event(plan, event)
    return plan


def _read_event(plan: Plan, event: dict[str, Any]) -> None:
    step = _object(_object(event.get("resourcePreEvent")).get("metadata"))
    plan.add(step, step.get("old"), step.get("new"), step.get("keys") or step.get("diffs"))
    _read_message(plan, _object(event.get("diagnosticEvent")))
    if isinstance(event.get("summaryEvent"), dict):
        plan.finished = event["summaryEvent"].get("result") in (None, "", "succeeded")
    if isinstance(event.get("errorEvent"), dict):
        _add(plan.errors, event["errorEvent"].get("error"))


def _read_document(plan: Plan, document: dict[str, Any]) -> None:
    for step in _objects(document["steps"]):
        keys = step.get("replaceReasons") or step.get("diffReasons")
        plan.add(step, step.get("oldState"), step.get("newState"), keys)
    for message in _objects(document.get("diagnostics")):
        _read_message(plan, message)
    unchanged = _object(document.get("changeSummary")).get(SAME)
    if isinstance(unchanged, int):
        plan.hidden = min(max(0, unchanged - plan.count(SAME)), 10**6)
    plan.finished = isinstance(document.get("changeSummary"), dict)


def _read_message(plan: Plan, message: dict[str, Any]) -> None:
    into = {"error": plan.errors, "warning": plan.warnings}.get(str(message.get("severity")))
    if into is not None:
        _add(into, f"{message.get('prefix') or ''}{message.get('message')}".strip())


def _add(messages: list[str], text: Any) -> None:
    if len(messages) < _MESSAGES:
        messages.append(str(text)[:_LONGEST])


def _json(text: str) -> Any:
    """Parses it; None if it is no JSON, or such as only an attacker writes."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _object(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _objects(found: Any) -> Iterator[dict[str, Any]]:
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())
