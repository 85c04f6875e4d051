"""Drives a plugin over gRPC, as the engine does: check, diff, then create, update, read or delete."""

from dataclasses import dataclass, field
from typing import Any, Self

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.plugins.properties import Properties, decode, encode, plain

SEED = b"one seed of the engine, 32 bytes."


@dataclass
class Resource:
    """A resource as the engine's state holds it."""

    type: str
    name: str
    inputs: Properties
    id: str = ""
    outputs: Properties = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:test::project::{self.type}::{self.name}"

    def __getitem__(self, key: str) -> Any:
        return plain(self.outputs[key])


class Refused(Exception):
    """The answer of a call that failed: the text, and what the engine would save of a partial one."""

    def __init__(self, error: grpc.RpcError) -> None:
        super().__init__(error.details())
        self.code = error.code()
        self.text: str = error.details()
        self.partial: provider_pb2.ErrorResourceInitFailed | None = None
        for key, value in error.trailing_metadata():
            if key == "grpc-status-details-bin":
                self.partial = provider_pb2.ErrorResourceInitFailed()
                status_pb2.Status.FromString(value).details[0].Unpack(self.partial)

    @property
    def saved(self) -> Properties:
        """The properties that the engine saves."""
        assert self.partial, "nothing is saved"
        return decode(self.partial.properties)


class Plugin:
    """One connection to a plugin: one provider instance of one engine."""

    def __init__(self, port: int) -> None:
        # Without this, connections to the same port would be one, and the plugin keeps things per connection.
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._channel.close()

    def call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request, timeout=60)
        except grpc.RpcError as error:
            raise Refused(error) from None

    def attach(self, address: str) -> None:
        self.call("Attach", plugin_pb2.PluginAttach(address=address))

    def version(self) -> str:
        return str(self.call("GetPluginInfo", empty_pb2.Empty()).version)

    def cancel(self) -> None:
        self.call("Cancel", empty_pb2.Empty())

    def configure(self, **args: Any) -> provider_pb2.ConfigureResponse:
        return self.call("Configure", provider_pb2.ConfigureRequest(args=encode(args)))

    def check_config(self, name: str = "default_0_66_1", **news: Any) -> tuple[Properties, list[str]]:
        urn = f"urn:pulumi:test::project::pulumi:providers:exoscale::{name}"
        answer = self.call("CheckConfig", provider_pb2.CheckRequest(urn=urn, news=encode(news)))
        return decode(answer.inputs), [failure.reason for failure in answer.failures]

    def check(self, type_: str, name: str, inputs: Properties, olds: Properties | None = None, **more: Any) -> Any:
        new = Resource(type_, name, inputs)
        fields = {"urn": new.urn, "type": type_, "name": name, "randomSeed": SEED, **more}
        return self.call("Check", provider_pb2.CheckRequest(olds=encode(olds or {}), news=encode(inputs), **fields))

    def refusals(self, type_: str, name: str, /, **inputs: Any) -> list[str]:
        """Why Check refuses."""
        return [failure.reason for failure in self.check(type_, name, inputs).failures]

    def checked(self, type_: str, name: str, inputs: Properties, olds: Properties | None = None) -> Properties:
        answer = self.check(type_, name, inputs, olds)
        assert not answer.failures, answer.failures
        return decode(answer.inputs)

    def create(self, type_: str, name: str, /, *, timeout: float = 0, preview: bool = False, **inputs: Any) -> Resource:
        new = Resource(type_, name, self.checked(type_, name, inputs))
        request = provider_pb2.CreateRequest(
            urn=new.urn, type=type_, name=name, properties=encode(new.inputs), timeout=timeout, preview=preview
        )
        answer = self.call("Create", request)
        new.id, new.outputs = answer.id, decode(answer.properties)
        return new

    def diff(self, old: Resource, **inputs: Any) -> provider_pb2.DiffResponse:
        """Against these inputs; without any, against the same program."""
        news = self.checked(old.type, old.name, inputs or self.program(old), old.inputs)
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=old.urn,
            type=old.type,
            name=old.name,
            olds=encode(old.outputs),
            old_inputs=encode(old.inputs),
            news=encode(news),
        )
        return self.call("Diff", request)

    def update(self, old: Resource, *, timeout: float = 0, preview: bool = False, **inputs: Any) -> Resource:
        news = self.checked(old.type, old.name, inputs or self.program(old), old.inputs)
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=old.urn,
            type=old.type,
            name=old.name,
            olds=encode(old.outputs),
            old_inputs=encode(old.inputs),
            news=encode(news),
            timeout=timeout,
            preview=preview,
        )
        answer = self.call("Update", request)
        return Resource(old.type, old.name, news, old.id, decode(answer.properties))

    def read(self, old: Resource) -> Resource | None:
        """The refreshed resource, or None when it is gone."""
        request = provider_pb2.ReadRequest(
            id=old.id,
            urn=old.urn,
            type=old.type,
            name=old.name,
            properties=encode(old.outputs),
            inputs=encode(old.inputs),
        )
        answer = self.call("Read", request)
        if not answer.id:
            return None
        return Resource(old.type, old.name, decode(answer.inputs), answer.id, decode(answer.properties))

    def delete(self, old: Resource, timeout: float = 0) -> None:
        request = provider_pb2.DeleteRequest(
            id=old.id,
            urn=old.urn,
            type=old.type,
            name=old.name,
            properties=encode(old.outputs),
            old_inputs=encode(old.inputs),
            timeout=timeout,
        )
        self.call("Delete", request)

    def invoke(self, token: str, **arguments: Any) -> tuple[Properties, list[str]]:
        """What a function returns, or why it refuses its arguments."""
        answer = self.call("Invoke", provider_pb2.InvokeRequest(tok=token, args=encode(arguments)))
        return decode(getattr(answer, "return")), [failure.reason for failure in answer.failures]

    @staticmethod
    def program(resource: Resource) -> Properties:
        """What the program itself gave: the inputs without defaults."""
        defaults = [*resource.inputs.get("__defaults", []), "__defaults"]
        return {key: value for key, value in resource.inputs.items() if key not in defaults}
