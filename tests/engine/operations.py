"""What a run of the engine does, resource by resource."""

from collections.abc import Iterable

from pulumi.automation import EngineEvent

Operations = dict[str, list[str]]
"""Each resource's operations in their order, by URN, without what stays the same."""


def operations(events: Iterable[EngineEvent]) -> Operations:
    """What the events of a preview or an `up` say."""
    found: Operations = {}
    for event in events:
        step = event.resource_pre_event and event.resource_pre_event.metadata
        if step and step.op != "same":
            found.setdefault(step.urn, []).append(step.op.value)
    return found


def kinds(done: Operations) -> set[str]:
    """Which operations there are, such as `update`."""
    return {kind for steps in done.values() for kind in steps}
