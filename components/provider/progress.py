"""Shows the user a step: its progress while it works, and the lines that stay on the screen when the run has ended."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Protocol

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

Say = Callable[[str], None]


class Progress(Protocol):
    """Where the lines of steps go; each is told the URN of its resource."""

    def of(self, urn: str) -> Say:
        """Reports the progress of a step; the next line replaces it."""

    def keep(self, urn: str, line: str) -> None:
        """Leaves a line on the screen, under `Diagnostics:` when the run has ended."""

    def warn(self, urn: str, line: str) -> None:
        """Leaves a warning there."""


class EngineLog:
    """The engine's own log. Its `ephemeral` lines are those that a display may drop.

    Args:
        address: of the engine, `host:port`.
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
        with contextlib.suppress(grpc.RpcError):  # an engine that is gone has nobody to show it to
            self._engine.Log(request)
