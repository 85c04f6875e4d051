"""When each operation of a run of the engine began and ended, and which of them the run had to wait for."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulumi.automation import EngineEvent


@dataclass(frozen=True)
class Operation:
    """What the engine did with one resource.

    Args:
        verb: `create`, `delete`, `same` …
        type: the resource's type, without package and module.
        name: the resource's name.
        began: in seconds since the run began.
        ended: likewise.
    """

    verb: str
    type: str
    name: str
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began

    def __str__(self) -> str:
        return f"{self.verb} {self.type} {self.name}"


@dataclass(frozen=True)
class Run:
    """One command of the engine.

    Args:
        seconds: from the start of its process to its end.
        operations: of all resources but components and providers, which take no time of their own.
    """

    seconds: float
    operations: Sequence[Operation]

    def took(self, *types: str) -> float:
        """Seconds of the operations on resources of these types, added up."""
        return sum(one.seconds for one in self.operations if one.type in types)


class Timeline:
    """Collects the operations of a run: give it to the Automation API as `on_event`.

    An event arrives up to 0.1 s late, and never before one that the engine sent earlier.

    Args:
        began: when the run began, by `time.monotonic`.
    """

    def __init__(self, began: float) -> None:
        self.operations: list[Operation] = []
        self._began = began
        self._open: dict[tuple[str, str], float] = {}

    def __call__(self, event: EngineEvent) -> None:
        now = time.monotonic() - self._began
        if started := event.resource_pre_event:
            step = started.metadata
            state = step.new or step.old
            if state and state.custom and not step.type.startswith("pulumi:providers:"):
                self._open[step.urn, step.op.value] = now
        ended = event.res_outputs_event or event.res_op_failed_event
        if ended and (began := self._open.pop((ended.metadata.urn, ended.metadata.op.value), None)) is not None:
            *_, type_, name = ended.metadata.urn.split("::")
            self.operations.append(Operation(ended.metadata.op.value, type_.rpartition(":")[2], name, began, now))


def critical_path(operations: Iterable[Operation]) -> list[Operation]:
    """The operations that a run waited for, first to last: before each of them the one that ended last when it began.

    The engine starts an operation as soon as what it waits for is done, be that an edge of the graph or, on a destroy,
    a whole layer. So no edges are needed to find the path, also where the order is not recorded as one.
    """
    known = list(operations)
    path: list[Operation] = []
    last = max(known, key=lambda one: one.ended, default=None)
    while last:
        path.append(last)
        before = [one for one in known if one.ended <= last.began and one.began < last.began]
        last = max(before, key=lambda one: one.ended, default=None)
    return path[::-1]
