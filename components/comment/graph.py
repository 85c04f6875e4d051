"""The order of the deletions as a Mermaid graph."""

import re

from .plan import Change, Plan

_MOST = 12  # nodes
_IDLE = ("IngressPods", "Machines", "ProgramKubeconfig", "ReleasePlace")  # steps whose deletion does nothing


def graph(plan: Plan) -> str:
    """Returns the graph as a fence; empty if fewer than two are deleted."""
    going = [plan.changes[urn] for urn in dict.fromkeys(plan.destroyed)]
    labels = [_label(f"{change.short_type} {change.name}") for change in going if _does_something(change)]
    if len(labels) < 2:
        return ""
    if len(labels) > _MOST:
        # The ends tell most: what is drained first, and what goes last.
        labels[_MOST // 2 : -_MOST // 2] = [f"{len(labels) - _MOST} more"]
    nodes = [f'    n{number}["{label}"]' for number, label in enumerate(labels)]
    way = " --> ".join(f"n{number}" for number in range(len(labels)))
    return "\n".join(["```mermaid", "flowchart LR", *nodes, f"    {way}", "```"])


def _does_something(change: Change) -> bool:
    idle = change.is_component or change.type.startswith("pulumi:providers:") or change.short_type in _IDLE
    return not idle


def _label(text: str) -> str:
    """Only characters that mean nothing to Mermaid or Markdown."""
    return re.sub(r"[^A-Za-z0-9 _.-]", "_", text)[:60]
