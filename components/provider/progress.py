"""The output of a step: progress while it works, and lines that stay on the screen after the run."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Protocol

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

Say = Callable[[str], None]


class Progress(Protocol):
    """Receives the lines of steps, each with the URN of its resource."""

    def of(self, urn: str) -> Say:
        """Returns a function that shows a step's progress: each line replaces the one before."""

    def keep(self, urn: str, line: str) -> None:
        """Prints a line that stays on the screen, under `Diagnostics:` after the run."""

    def warn(self, urn: str, line: str) -> None:
        """Prints a warning there."""


class EngineLog:
    """The engine's own log. A display may drop its `ephemeral` lines.

    Args:
        address: the engine's address, `host:port`.
    """

    def __init__(self, address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def of(self, urn: str) -> Say:
        """See `Progress`."""
        return partial(self._log, engine_pb2.INFO, urn, ephemeral=True)

    def keep(self, urn: str, line: str) -> None:
        """See `Progress`."""
        self._log(engine_pb2.INFO, urn, line, ephemeral=False)

    def warn(self, urn: str, line: str) -> None:
        """See `Progress`."""
        self._log(engine_pb2.WARNING, urn, line, ephemeral=False)

    def _log(self, severity: engine_pb2.LogSeverity.ValueType, urn: str, line: str, ephemeral: bool) -> None:
        request = engine_pb2.LogRequest(severity=severity, message=line, urn=urn, ephemeral=ephemeral)
        with contextlib.suppress(grpc.RpcError):  # if the engine is gone, nobody is there to read it
            self._engine.Log(request)
