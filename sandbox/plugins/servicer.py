"""A Provider on the engine's gRPC protocol: requests in, answers and failures out (docs/plugins.md, Engine)."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.plugins import provider as plugin
from sandbox.plugins.autonaming import Autonaming, AutonamingMode
from sandbox.plugins.properties import decode, encode

_LOG_SECONDS = 5  # an engine that ended does not answer; its log lines are lost with it

Request = TypeVar("Request")
Answer = TypeVar("Answer")


@dataclass
class _Connection:
    """One provider instance of one engine: each opens its own connection, and no request names its instance."""

    engine: str = ""
    configuration: Any = None
    cancelled: threading.Event = field(default_factory=threading.Event)


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one Provider to any number of engines and instances.

    Args:
        provider: what is served.
        surroundings: handed to it with every call.
    """

    def __init__(self, provider: plugin.Provider[Any], surroundings: plugin.Surroundings | None = None) -> None:
        self._provider = provider
        self._surroundings = surroundings or plugin.Surroundings()
        self._lock = threading.Lock()
        self._connections: dict[str, _Connection] = {}
        self._last_configuration: Any = None
        self._engines: dict[str, engine_pb2_grpc.EngineStub] = {}
        self._log = logging.getLogger(f"sandbox.plugins.{provider.package}")

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Refuses the handshake, as the bridge of the real plugins does not have it; the engine goes on without."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "unknown method Handshake")

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        with self._lock:  # a new connection may get the port of an old one: start afresh
            self._connections[context.peer()] = _Connection(engine=request.address)
        return empty_pb2.Empty()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._connection(context).cancelled.set()
        with self._failures(context, "Cancel"):
            self._provider.cancel(self._context(context))
        return empty_pb2.Empty()

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        asked = plugin.ConfigRequest(request.urn, decode(request.olds), decode(request.news))
        result = self._call(context, self._provider.check_config, asked)
        inputs = {key: value for key, value in result.inputs.items() if key != "__internal"}
        return _check_response(plugin.CheckResult(inputs, result.failures))

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        asked = plugin.ConfigRequest(
            request.urn,
            decode(request.olds),
            decode(request.news),
            decode(request.old_inputs),
            list(request.ignoreChanges),
        )
        return _diff_response(self._call(context, self._provider.diff_config, asked))

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        asked = plugin.ConfigureRequest(request.urn, decode(request.args), dict(request.variables))
        configuration = self._call(context, self._provider.configure, asked)
        with self._lock:
            self._connections.setdefault(context.peer(), _Connection()).configuration = configuration
            self._last_configuration = configuration
        features = self._provider.features
        return provider_pb2.ConfigureResponse(
            acceptSecrets=features.accept_secrets,
            acceptResources=features.accept_resources,
            acceptOutputs=features.accept_outputs,
            supportsPreview=features.supports_preview,
            supports_autonaming_configuration=features.supports_autonaming_configuration,
        )

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        autonaming = None
        if request.HasField("autonaming"):
            autonaming = Autonaming(AutonamingMode(request.autonaming.mode), request.autonaming.proposed_name)
        asked = plugin.CheckRequest(
            request.urn,
            *_type_and_name(request),
            decode(request.olds),
            decode(request.news),
            request.randomSeed,
            autonaming,
        )
        return _check_response(self._call(context, self._provider.check, asked))

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        asked = plugin.DiffRequest(
            request.id,
            request.urn,
            *_type_and_name(request),
            decode(request.olds),
            decode(request.old_inputs),
            decode(request.news),
            list(request.ignoreChanges),
        )
        return _diff_response(self._call(context, self._provider.diff, asked))

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        asked = plugin.CreateRequest(
            request.urn, *_type_and_name(request), decode(request.properties), request.timeout, request.preview
        )
        result = self._call(context, self._provider.create, asked)
        return provider_pb2.CreateResponse(id=result.id, properties=encode(result.properties))

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        asked = plugin.ReadRequest(
            request.id,
            request.urn,
            *_type_and_name(request),
            decode(request.properties),
            decode(request.inputs),
            request.timeout,
        )
        result = self._call(context, self._provider.read, asked)
        inputs = None if result.inputs is None else encode(result.inputs)
        return provider_pb2.ReadResponse(id=result.id, properties=encode(result.properties), inputs=inputs)

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        asked = plugin.UpdateRequest(
            request.id,
            request.urn,
            *_type_and_name(request),
            decode(request.olds),
            decode(request.old_inputs),
            decode(request.news),
            request.timeout,
            request.preview,
            list(request.ignoreChanges),
        )
        return provider_pb2.UpdateResponse(properties=encode(self._call(context, self._provider.update, asked)))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        asked = plugin.DeleteRequest(
            request.id,
            request.urn,
            *_type_and_name(request),
            decode(request.properties),
            decode(request.old_inputs),
            request.timeout,
        )
        self._call(context, self._provider.delete, asked)
        return empty_pb2.Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        asked = plugin.InvokeRequest(request.tok, decode(request.args), request.preview)
        result = self._call(context, self._provider.invoke, asked)
        # `return` is a keyword of Python, so it cannot be written as an argument.
        return provider_pb2.InvokeResponse(
            failures=_failures(result.failures),
            **{"return": encode(result.value)},
        )

    def _connection(self, context: grpc.ServicerContext) -> _Connection:
        with self._lock:
            return self._connections.setdefault(context.peer(), _Connection())

    def _context(self, context: grpc.ServicerContext) -> plugin.Context[Any]:
        connection = self._connection(context)
        configuration = connection.configuration
        if configuration is None:
            configuration = self._last_configuration

        def log(severity: plugin.Severity, message: str, urn: str = "", ephemeral: bool = False) -> None:
            self._tell_engine(
                connection.engine,
                engine_pb2.LogRequest(
                    severity=engine_pb2.LogSeverity.ValueType(severity.value),
                    message=message,
                    urn=urn,
                    ephemeral=ephemeral,
                ),
            )

        return plugin.Context(configuration, log, connection.cancelled, self._surroundings)

    def _tell_engine(self, address: str, request: engine_pb2.LogRequest) -> None:
        self._log.debug("%s %s", request.urn, request.message)
        if not address:
            return
        with self._lock:
            if address not in self._engines:
                self._engines[address] = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
            engine = self._engines[address]
        try:
            engine.Log(request, timeout=_LOG_SECONDS)
        except grpc.RpcError as error:
            self._log.warning("the engine at %s took no log line: %s", address, error)

    def _call(
        self,
        context: grpc.ServicerContext,
        method: Callable[[plugin.Context[Any], Request], Answer],
        request: Request,
    ) -> Answer:
        with self._failures(context, method.__name__):
            return method(self._context(context), request)

    @contextmanager
    def _failures(self, context: grpc.ServicerContext, call: str) -> Iterator[None]:
        """Maps every failure of a plugin to gRPC's Unknown; the engine reads the text, and the detail of a partial
        one."""
        try:
            yield
        except plugin.InitFailed as failed:
            detail = any_pb2.Any()
            detail.Pack(
                provider_pb2.ErrorResourceInitFailed(
                    id=failed.id,
                    properties=encode(failed.properties),
                    reasons=failed.reasons,
                    inputs=None if failed.inputs is None else encode(failed.inputs),
                )
            )
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(failed), details=[detail])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            _abort(context, str(failed))
        except plugin.ProviderError as error:
            _abort(context, str(error))
        except Exception as error:  # a bug: the user must see it under the resource, not as a broken connection
            self._log.exception("%s failed", call)
            _abort(context, f"{type(error).__name__}: {error}")


def _abort(context: grpc.ServicerContext, text: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, text)


def _type_and_name(request: Any) -> tuple[str, str]:
    """Returns type and name; older engines give them only in the URN,
    `urn:pulumi:<stack>::<project>::<parent types $ type>::<name>`."""
    _, _, types, name = request.urn.split("::", 3)
    return request.type or types.split("$")[-1], request.name or name


def _failures(failures: list[plugin.CheckFailure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=f.property, reason=f.reason) for f in failures]


def _check_response(result: plugin.CheckResult) -> provider_pb2.CheckResponse:
    return provider_pb2.CheckResponse(inputs=encode(result.inputs), failures=_failures(result.failures))


def _diff_response(result: plugin.DiffResult) -> provider_pb2.DiffResponse:
    changes = {
        None: provider_pb2.DiffResponse.DIFF_UNKNOWN,
        False: provider_pb2.DiffResponse.DIFF_NONE,
        True: provider_pb2.DiffResponse.DIFF_SOME,
    }[result.changed]
    detailed = {
        path: provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.Kind.ValueType(change.value))
        for path, change in (result.detailed or {}).items()
    }
    return provider_pb2.DiffResponse(
        changes=changes,
        diffs=result.diffs,
        replaces=result.replaces,
        stables=result.stables,
        detailedDiff=detailed,
        hasDetailedDiff=result.detailed is not None,
        deleteBeforeReplace=result.delete_before_replace,
    )
