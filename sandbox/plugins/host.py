"""The stand-ins as running servers that an engine attaches to."""

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.plugins.provider import Provider, Surroundings
from sandbox.plugins.servicer import Servicer

_CALLS_AT_ONCE = 64  # an engine runs 4 per processor in parallel, and several engines may share a plugin


class PluginHost:
    """Serves each provider on a free port of 127.0.0.1 while its `with` block runs.

    Args:
        providers: one per package.
        directory: the program's folder, where the real plugins run; default: the current one.
        environment: variables on top of this process's own, as the engine is given them.
    """

    def __init__(
        self,
        providers: Iterable[Provider[Any]],
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._providers = list(providers)
        self._surroundings = Surroundings(directory or Path.cwd(), {**os.environ, **(environment or {})})
        self._servers: list[grpc.Server] = []
        self._ports: dict[str, int] = {}

    @property
    def debug_providers(self) -> str:
        """The value of PULUMI_DEBUG_PROVIDERS that attaches an engine: `exoscale:PORT,kubernetes:PORT,…`."""
        return ",".join(f"{package}:{port}" for package, port in self._ports.items())

    def port(self, package: str) -> int:
        """Returns the port of that package's provider."""
        return self._ports[package]

    def __enter__(self) -> Self:
        for provider in self._providers:
            server = grpc.server(
                ThreadPoolExecutor(_CALLS_AT_ONCE, thread_name_prefix=f"{provider.package}-plugin"),
                options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
            )
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider, self._surroundings), server)
            self._ports[provider.package] = server.add_insecure_port("127.0.0.1:0")
            server.start()
            self._servers.append(server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for stopped in [server.stop(grace=None) for server in self._servers]:
            stopped.wait()
        self._servers.clear()
        self._ports.clear()
