"""The page that stands for what a real cluster would have answered. Everything in it is also in a header."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

Facts = Mapping[str, str]
SIMULATED = "Simulated: no container runs in the sandbox."


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def reply(status: int, heading: str, lead: str, facts: Facts, location: str = "") -> Reply:
    """Returns the page.

    Args:
        status: the HTTP status.
        heading: what a user reads first.
        lead: one sentence on what it means.
        facts: what led to it, by name; each is also in the header `X-Sandbox-<Name>`.
        location: where the client is to ask instead.
    """
    known = {name: value for name, value in facts.items() if value}
    width = max(map(len, known), default=0) + 2
    rows = "\n".join(f"{name:{width}}{value}" for name, value in known.items())
    # In `pre`, so that it reads well in a terminal, too.
    body = (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{html.escape(heading)}</title>\n'
        f"<h1>{html.escape(heading)}</h1>\n<p>{SIMULATED} {html.escape(lead)}</p>\n"
        f"<pre>\n{html.escape(rows)}\n</pre>\n</html>\n"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        # Browsers would keep a permanent redirect beyond the stack's end.
        "Cache-Control": "no-store",
        **{f"X-Sandbox-{name.title().replace(' ', '-')}": _plain(value) for name, value in known.items()},
    }
    if location:
        headers["Location"] = _plain(location)
    return Reply(status, body.encode(), headers)


def _plain(value: str) -> str:
    """Returns the text without anything that could end a header."""
    return "".join(one if one.isprintable() else "?" for one in value).encode("ascii", "backslashreplace").decode()
