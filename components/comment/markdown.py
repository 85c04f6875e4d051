"""Puts text of others into Markdown: a code span or a fence that it cannot end, with nothing in it that acts."""

import re
import unicodedata
from collections.abc import Sequence

MARKER = "<!-- exoscale-sks comment -->"
"""Begins every comment of ours and nothing else, so that the next preview finds the comment again."""

_ZERO_WIDTH = "\u200b"
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_PULUMIS_COLOURS = re.compile(r"<\{%[^%\n]*%\}>")
_LINE = 300  # longest line; what is cut off says so


def clean(text: str) -> str:
    """Removes colours and invisible characters; defuses mentions and HTML comments, and so our marker."""
    text = _PULUMIS_COLOURS.sub("", _ANSI.sub("", text))
    text = re.sub(r"\r\n?|[\u2028\u2029\x85]", "\n", text).replace("\t", "    ")
    # Control and format characters (also those that change the direction of text), halves of surrogate pairs.
    text = "".join(one for one in text if one == "\n" or unicodedata.category(one) not in ("Cc", "Cf", "Cs"))
    return text.replace("@", f"@{_ZERO_WIDTH}").replace("<!--", f"<!{_ZERO_WIDTH}--")


def one_line(text: str, longest: int = _LINE) -> str:
    """The same, without line breaks, and cut where it is too long."""
    line = " ".join(clean(text[: 4 * longest]).split("\n"))
    return line if len(line) <= longest and len(text) <= 4 * longest else f"{line[:longest]} … [cut]"


def code(text: str) -> str:
    """A code span: GitHub neither mentions anybody nor links anything from there."""
    line = one_line(text, 100).strip() or "?"
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if "`" in line else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(lines: Sequence[str], language: str, limit: int) -> str:
    """A code block of at most `limit` characters. If it was cut, the line below it says so.

    Args:
        lines: cleaned lines (`one_line`).
    """
    ticks = "`" * max(3, 1 + max(map(_longest_run, lines), default=0))
    room = limit - 2 * len(ticks) - 100
    shown: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    block = "\n".join([f"{ticks}{language}", *shown, ticks])
    if len(shown) == len(lines):
        return block
    return f"{block}\n\n**Cut:** {len(shown)} of {len(lines)} lines are shown; the run has the rest."


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
