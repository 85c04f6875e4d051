"""A comment's own words: its Markdown without the boxes, which are fences and code spans by CommonMark's rules."""

import re

BOX = "▮"
_OPENS = re.compile(r" {0,3}(`{3,})[^`]*|(~{3,}).*")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


def own_words(markdown: str) -> str:
    """Returns the text with a sign for each box.

    Raises:
        AssertionError: a fence is not closed.
    """
    kept: list[str] = []
    closes: re.Pattern[str] | None = None
    for line in markdown.split("\n"):
        if closes:
            closes = None if closes.fullmatch(line) else closes
        elif opens := _OPENS.fullmatch(line):
            ticks = opens[1] or opens[2]
            closes = re.compile(rf" {{0,3}}{ticks[0]}{{{len(ticks)},}}[ \t]*")
            kept.append(BOX)
        else:
            kept.append(line)
    assert closes is None, "a fence is open at the end"
    return _SPAN.sub(BOX, "\n".join(kept))
