"""An engine's part of the conversation with the kubernetes plugin, over real gRPC."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.plugins.host import PluginHost
from sandbox.plugins.kubernetes import KubernetesProvider
from sandbox.plugins.properties import Properties, decode, encode, plain

RELEASE = "kubernetes:helm.sh/v3:Release"


class Failed(Exception):
    """A call failed; `state`, `reasons` and `id` are of a partial failure."""

    def __init__(self, error: grpc.RpcError) -> None:
        super().__init__(error.details())
        self.state: Properties | None = None
        self.id = ""
        self.reasons: list[str] = []
        trailing: Any = error.trailing_metadata()
        metadata = dict(trailing or ())
        if "grpc-status-details-bin" in metadata:
            detail = provider_pb2.ErrorResourceInitFailed()
            status_pb2.Status.FromString(metadata["grpc-status-details-bin"]).details[0].Unpack(detail)
            self.state, self.id, self.reasons = decode(detail.properties), detail.id, list(detail.reasons)


class Refused(Exception):
    """Check failed."""

    def __init__(self, failures: Any) -> None:
        super().__init__("; ".join(f"{failure.property}: {failure.reason}" for failure in failures))


class Plugin(engine_pb2_grpc.EngineServicer):
    """Checks, creates, updates and deletes as the engine does, and keeps what the plugin logs."""

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self.logged: list[str] = []
        self._host = PluginHost([KubernetesProvider(settle_seconds=0.2)], directory, environment)
        self._engine = grpc.server(ThreadPoolExecutor(2))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._engine)
        self._address = f"127.0.0.1:{self._engine.add_insecure_port('127.0.0.1:0')}"

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.logged.append(request.message)
        return empty_pb2.Empty()

    def __enter__(self) -> Self:
        self._engine.start()
        self._host.__enter__()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self._host.port('kubernetes')}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.stub.Attach(plugin_pb2.PluginAttach(address=self._address))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._channel.close()
        self._host.__exit__(None, None, None)
        self._engine.stop(grace=None).wait()

    def configure(self, **settings: str) -> Self:
        variables = {f"kubernetes:config:{key}": value for key, value in settings.items()}
        answer = self._call(
            self.stub.Configure,
            provider_pb2.ConfigureRequest(variables=variables, args=encode(settings), acceptSecrets=True),
        )
        assert answer.acceptSecrets
        assert answer.supportsPreview
        return self

    def replaces(self, olds: Properties, news: Properties) -> list[str]:
        """The keys for which a change of the provider's configuration replaces it."""
        request = provider_pb2.DiffRequest(
            urn="urn:pulumi:s::p::pulumi:providers:kubernetes::k", olds=encode(olds), news=encode(news)
        )
        return list(self._call(self.stub.DiffConfig, request).replaces)

    def check(self, type: str, news: Properties, olds: Properties | None = None, seed: bytes = b"seed") -> Properties:
        request = provider_pb2.CheckRequest(
            urn=_urn(type), type=type, name="thing", news=encode(news), olds=encode(olds or {}), randomSeed=seed
        )
        answer = self._call(self.stub.Check, request)
        if answer.failures:
            raise Refused(answer.failures)
        return decode(answer.inputs)

    def diff(self, type: str, state: Properties, inputs: Properties, ignore: tuple[str, ...] = ()) -> Any:
        request = provider_pb2.DiffRequest(
            urn=_urn(type), type=type, name="thing", olds=encode(state), news=encode(inputs), ignoreChanges=ignore
        )
        return self._call(self.stub.Diff, request)

    def create(self, type: str, news: Properties, preview: bool = False, timeout: float = 0) -> tuple[str, Properties]:
        return self.create_checked(type, self.check(type, news), preview, timeout)

    def create_checked(
        self, type: str, inputs: Properties, preview: bool = False, timeout: float = 0
    ) -> tuple[str, Properties]:
        request = provider_pb2.CreateRequest(
            urn=_urn(type), type=type, name="thing", properties=encode(inputs), preview=preview, timeout=timeout
        )
        answer = self._call(self.stub.Create, request)
        return answer.id, decode(answer.properties)

    def update(
        self, type: str, id: str, state: Properties, news: Properties, preview: bool = False, timeout: float = 0
    ) -> Properties:
        inputs = self.check(type, news, plain(state["__inputs"]))
        request = provider_pb2.UpdateRequest(
            urn=_urn(type),
            type=type,
            name="thing",
            id=id,
            olds=encode(state),
            news=encode(inputs),
            preview=preview,
            timeout=timeout,
        )
        return decode(self._call(self.stub.Update, request).properties)

    def read(self, type: str, id: str, state: Properties | None = None) -> tuple[str, Properties, Properties]:
        inputs = plain(state["__inputs"]) if state else {}
        request = provider_pb2.ReadRequest(
            urn=_urn(type), type=type, name="thing", id=id, properties=encode(state or {}), inputs=encode(inputs)
        )
        answer = self._call(self.stub.Read, request)
        return answer.id, decode(answer.properties), decode(answer.inputs)

    def delete(self, type: str, id: str, state: Properties, timeout: float = 0) -> None:
        request = provider_pb2.DeleteRequest(
            urn=_urn(type), type=type, name="thing", id=id, properties=encode(state), timeout=timeout
        )
        self._call(self.stub.Delete, request)

    def _call(self, method: Any, request: Any) -> Any:
        try:
            return method(request, timeout=120)
        except grpc.RpcError as error:
            raise Failed(error) from None


def _urn(type: str) -> str:
    return f"urn:pulumi:s::p::{type}::thing"
