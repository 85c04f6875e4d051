"""What a run of the engine does, resource by resource."""

from collections.abc import Iterable

from pulumi.automation import EngineEvent

from runner.stack import SandboxStack

Operations = dict[str, list[str]]
"""Each resource's operations in their order, by URN, without what stays the same or is only read."""
_NO_CHANGE = ("same", "read")


def operations(events: Iterable[EngineEvent]) -> Operations:
    """What the events of a preview or an `up` say."""
    found: Operations = {}
    for event in events:
        step = event.resource_pre_event and event.resource_pre_event.metadata
        if step and step.op.value not in _NO_CHANGE:
            found.setdefault(step.urn, []).append(step.op.value)
    return found


def kinds(done: Operations) -> set[str]:
    """Which operations there are, such as `update`."""
    return {kind for steps in done.values() for kind in steps}


def brought_up(stack: SandboxStack) -> Operations:
    """What an `up` does. The one after it has to find nothing to do."""
    done: list[EngineEvent] = []
    again: list[EngineEvent] = []
    stack.up(on_event=done.append)
    stack.up(on_event=again.append)
    assert not operations(again), operations(again)
    return operations(done)
