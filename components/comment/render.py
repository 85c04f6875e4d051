"""Puts the comment together, within what GitHub accepts."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..teardown.cloud.prices import DATED
from .costs import costs
from .diff import diff
from .graph import graph
from .hurts import hurts
from .markdown import MARKER, clean, code, fence, one_line
from .plan import CREATE, DELETE, REPLACE, SAME, UPDATE, Plan

LIMIT = 65_536
"""The most characters that a comment on GitHub may have."""
_LISTS = 30_000  # of them for what hurts and the line per stack, of many stacks
_MESSAGES = 4_000  # of them for the errors of one stack, and for its warnings
_USEFUL = 500  # a diff with less room than this is left out
_WORDS = {CREATE: "created", UPDATE: "updated", REPLACE: "replaced", DELETE: "deleted", SAME: "unchanged"}


@dataclass(frozen=True)
class Origin:
    """Where the previews come from; empty texts are left out.

    Args:
        commit: what was previewed.
        run: address of the run that made the previews.
    """

    commit: str = ""
    run: str = ""

    def __str__(self) -> str:
        parts = [code(self.commit[:7]) if self.commit else "", f"[run]({self.run})" if self.run else ""]
        return "".join(f" · {part}" for part in parts if part)


def render(plans: Sequence[Plan], printed: Mapping[str, str], origin: Origin) -> str:
    """Renders the comment.

    Args:
        plans: a plan per stack.
        printed: what `pulumi preview` printed, by stack, shown where the engine logged no error of a failed preview.
    """
    prices = f"Prices of {DATED}, for stacks that run all month on the machines of their settings."
    said = f"{prices} Text in boxes is the pull request's own."
    if not plans:
        said = f"This pull request changes neither the settings nor the code of a stack{origin}."
    warnings = [f"> - {code(plan.stack)}: {line}" for plan in plans for line in hurts(plan)]
    parts = [MARKER, "### What this pull request changes"]
    if warnings:
        parts.append("\n".join(["> [!CAUTION]", *_as_many(warnings, _LISTS, "> - ")]))
    if plans:
        parts.append("\n".join(_as_many([_line(plan, origin) for plan in plans], _LISTS, "- ")))
    room = LIMIT - sum(len(part) + 2 for part in (*parts, said)) - 200  # for what is said about cut text
    left_out: dict[str, None] = {}
    for plan in plans:
        for part in _open(plan, printed.get(plan.stack, "")):
            if len(part) + 2 > room:
                left_out[plan.stack] = None
                continue
            parts.append(part)
            room -= len(part) + 2
    diffs = {plan.stack: lines for plan in plans if (lines := diff(plan))}
    for number, (stack, lines) in enumerate(diffs.items()):
        share = room // (len(diffs) - number)
        frame = "<details><summary>{}: the diff</summary>\n\n{}\n\n</details>"
        if share < _USEFUL:
            left_out[stack] = None
            continue
        part = frame.format(
            f"<code>{html.escape(one_line(stack))}</code>", fence(lines, "diff", share - len(frame) - len(stack))
        )
        parts.append(part)
        room -= len(part) + 2
    if left_out:
        parts.append(f"**Cut:** there was no room for all of {len(left_out)} stacks; the run has the rest.")
    return "\n\n".join([*parts, said]) + "\n"


def _line(plan: Plan, origin: Origin) -> str:
    counts = [f"{plan.count(kind)} {word}" for kind, word in _WORDS.items() if plan.count(kind)]
    if plan.failed:
        return f"- ❌ {code(plan.stack)}: **the preview failed**{origin}"
    icon = "🔴" if hurts(plan) else "🟡" if any(plan.count(kind) for kind in _WORDS if kind != SAME) else "🟢"
    return f"- {icon} {code(plan.stack)}: {', '.join(counts) or 'nothing'} · {costs(plan)}{origin}"


def _open(plan: Plan, printed: str) -> list[str]:
    """What is shown of a stack without a click: why its preview failed, and the order of the deletions."""
    parts = []
    if plan.failed:
        shown = _lines(plan.errors) or _lines([printed])[-40:] or ["the preview ended without a word"]
        parts.append(f"The preview of {code(plan.stack)} failed:\n\n{fence(shown, 'text', _MESSAGES)}")
    if plan.warnings:
        shown = _lines(plan.warnings)
        parts.append(f"The preview of {code(plan.stack)} warns:\n\n{fence(shown, 'text', _MESSAGES)}")
    if order := graph(plan):
        parts.append(f"{code(plan.stack)} deletes, in this order:\n\n{order}")
    return parts


def _lines(messages: Sequence[str]) -> list[str]:
    return [one_line(line) for line in clean("\n".join(messages)).split("\n") if line.strip()]


def _as_many(lines: Sequence[str], limit: int, bullet: str) -> list[str]:
    """As many as fit, and how many do not."""
    shown: list[str] = []
    for line in lines:
        limit -= len(line) + 1
        if limit < 0:
            return [*shown, f"{bullet}**Cut:** {len(lines) - len(shown)} more; the run has them."]
        shown.append(line)
    return shown
