"""The order of the deletions as a Mermaid graph."""

import re

from .plan import Plan

_MOST = 12  # nodes


def graph(plan: Plan) -> str:
    """Returns the graph as a fence; empty if fewer than two are deleted."""
    going = [plan.changes[urn] for urn in dict.fromkeys(plan.destroyed)]
    labels = [_label(f"{change.short_type} {change.name}") for change in going if not change.is_component]
    if len(labels) < 2:
        return ""
    if len(labels) > _MOST:
        # The ends tell most: what is drained first, and what goes last.
        labels[_MOST // 2 : -_MOST // 2] = [f"{len(labels) - _MOST} more"]
    nodes = [f'    n{number}["{label}"]' for number, label in enumerate(labels)]
    way = " --> ".join(f"n{number}" for number in range(len(labels)))
    return "\n".join(["```mermaid", "flowchart LR", *nodes, f"    {way}", "```"])


def _label(text: str) -> str:
    """Only characters that mean nothing to Mermaid or Markdown."""
    return re.sub(r"[^A-Za-z0-9 _.-]", "_", text)[:60]
