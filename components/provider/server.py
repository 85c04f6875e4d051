"""The provider's methods, and the server through which the engine calls them."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import grpc
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN

from ..teardown.errors import TeardownError
from .progress import EngineLog, Progress
from .resource import VERSION, Resource, refuse_copy, refuse_later_release, remaining
from .resources import StackId, of_urn
from .run import Run, Unfinished
from .values import Properties, Values, is_unknown, plain, wrapped

RELEASE = "1.0.0"
_PATIENCE_SECONDS = 4  # the engine gives a provider 5 s to answer a cancel
_ENGINE_ENDS_SECONDS = 0.5  # the engine takes milliseconds to end a provider that has answered


class TeardownProvider(sdk.Provider):
    """The steps as resources. Blocking work runs in threads, because the engine calls several at once.

    Args:
        progress: receives the steps' lines.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._run = Run()
        self._warning: asyncio.Task[None] | None = None

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        return sdk.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        self._run.registered[request.urn] = plain(request.new_inputs)
        return sdk.CheckResponse(inputs=request.new_inputs)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        resource, state, inputs = of_urn(request.urn), plain(request.old_state), plain(request.new_inputs)
        _refuse(await asyncio.to_thread(resource.impossible, inputs, state))
        for line in await asyncio.to_thread(resource.verify, state, inputs):
            await asyncio.to_thread(self._progress.warn, request.urn, line)
        inputs |= {key: state[key] for key in _remembered(resource, state, inputs)}
        before = {key: state[key] for key in state if key not in (*resource.outputs, "version")}
        changed = [
            key
            for key in {**before, **inputs}
            if is_unknown(inputs.get(key)) or inputs.get(key) != before.get(key)
            if key not in request.ignore_changes
        ]
        if not any(key in resource.replacing for key in changed):
            changed += await asyncio.to_thread(resource.due, state)
        return sdk.DiffResponse(
            changes=bool(changed),
            replaces=[key for key in changed if key in resource.replacing],
            # In a preview the program's other resources get these values, whatever else changes.
            stables=[
                *(key for key in resource.outputs if key not in changed),
                *(key for key in inputs if key not in changed),
            ],
            delete_before_replace=True,
            diffs=changed,
            detailed_diff={key: _difference(key, before, inputs, resource) for key in changed},
        )

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        resource, inputs = of_urn(request.urn), plain(request.properties)
        _refuse(await asyncio.to_thread(resource.impossible, inputs))
        if request.preview:
            foretold = await asyncio.to_thread(resource.foretold, inputs)
            return sdk.CreateResponse(
                "", _state(request.properties, dict.fromkeys(resource.outputs, UNKNOWN) | foretold)
            )
        with self._run.operation("create", inputs):
            id_, outputs = await asyncio.to_thread(resource.create, inputs, self._progress.of(request.urn))
        return sdk.CreateResponse(id_, _state(request.properties, outputs))

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        resource, state = of_urn(request.urn), plain(request.properties)
        await asyncio.to_thread(resource.verify, state)
        now = await asyncio.to_thread(resource.refreshed, state)
        properties = {**request.properties, **{key: wrapped(value) for key, value in now.items()}}
        return sdk.ReadResponse(request.resource_id, properties, request.inputs)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        resource, state, inputs = of_urn(request.urn), plain(request.olds), plain(request.news)
        changed: Values | None
        if request.preview:
            changed = await asyncio.to_thread(resource.foretold, inputs, state)
        else:
            say = self._progress.of(request.urn)
            with self._run.operation("update", inputs):
                changed = await asyncio.to_thread(resource.update, request.resource_id, state, inputs, say)
        kept = {key: state[key] for key in (*resource.outputs, *_remembered(resource, state, inputs))}
        return sdk.UpdateResponse(_state(request.news, kept | (changed or {})))

    async def delete(self, request: sdk.DeleteRequest) -> None:
        resource, state = of_urn(request.urn), plain(request.properties)
        if successor := self._successor(resource, request, state):
            self._progress.keep(request.urn, f"nothing to do: {successor} has taken its place")
            return
        with self._run.operation("delete", state, is_last=isinstance(resource, StackId)):
            lines = await asyncio.to_thread(self._deleted, resource, request, state)
        for line in lines:
            self._progress.keep(request.urn, line)

    async def cancel(self) -> None:
        work = self._run.unfinished
        if work is None or self._warning:
            return
        self._warning = asyncio.create_task(self._warn(work))
        if work.values:
            await self._warning

    async def _warn(self, work: Unfinished) -> None:
        if work.values:
            line = work.told(await self._left(work.values))
        else:
            # Whether this was the run's normal end is not known yet. It was if the engine now ends this process.
            await asyncio.sleep(_ENGINE_ENDS_SECONDS)
            line = replace(work, is_cancelled=True).told()
        await asyncio.to_thread(self._progress.warn, "", line)

    async def _left(self, values: Values) -> str:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await asyncio.to_thread(remaining, values)
        except Exception as error:  # whatever happened, the user has to see the rest
            return f"what still runs is not known: {str(error) or 'Exoscale did not answer in time'}"

    def _deleted(self, resource: Resource, request: sdk.DeleteRequest, state: Values) -> list[str]:
        refuse_later_release(state)
        refuse_copy(state, request.urn)
        return resource.delete(request.resource_id, state, self._progress.of(request.urn))

    def _successor(self, resource: Resource, request: sdk.DeleteRequest, state: Values) -> str | None:
        """Finds the URN of the resource that replaced this one after it was renamed or moved in the program."""
        others = (urn for urn in self._run.registered if urn != request.urn and of_urn(urn) is resource)
        return next((urn for urn in others if resource.gives_way_to(self._run.registered[urn], state)), None)


def _refuse(why: str) -> None:
    if why:
        raise TeardownError(why)


def _remembered(resource: Resource, state: Values, inputs: Values) -> list[str]:
    """Names the inputs that a preview does not know and that have not changed."""
    return [key for key in resource.lasting if key in state and is_unknown(inputs.get(key))]


def _difference(key: str, before: Values, after: Values, resource: Resource) -> sdk.PropertyDiff:
    # Due work (see `Resource.due`) is neither in the old inputs nor in the new ones.
    kind = "UPDATE" if (key in before) == (key in after) else "ADD" if key in after else "DELETE"
    replacing = "_REPLACE" if key in resource.replacing else ""
    return sdk.PropertyDiff(sdk.PropertyDiffKind[f"{kind}{replacing}"], input_diff=True)


def _state(inputs: Properties, outputs: Values) -> Properties:
    made = {key: wrapped(value) for key, value in outputs.items()}
    return {**inputs, **made, "version": PropertyValue(float(VERSION))}  # the engine knows no whole numbers


class OneLine(grpc.aio.ServerInterceptor):
    """Shows the user an error of the teardown as its one line. The SDK's server would put its class in front."""

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: grpc.HandlerCallDetails
    ) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            try:
                return await handler.unary_unary(request, context)
            except TeardownError as error:
                await context.abort(grpc.StatusCode.UNKNOWN, str(error))

        return grpc.unary_unary_rpc_method_handler(call, handler.request_deserializer, handler.response_serializer)


async def start(provider: sdk.Provider, engine: str) -> tuple[grpc.aio.Server, int]:
    """Starts to serve a provider on a free local port; returns the server and the port."""
    server = grpc.aio.server(interceptors=[OneLine()], options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(ProviderServicer([], RELEASE, provider, engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


def serve(engine: str) -> None:
    """Serves one engine until it ends; prints the port, as the engine expects.

    Args:
        engine: the engine's address, `host:port`.
    """

    async def until_the_engine_ends() -> None:
        server, port = await start(TeardownProvider(EngineLog(engine)), engine)
        print(port, flush=True)
        try:
            await server.wait_for_termination()
        finally:
            await server.stop(None)

    threading.Thread(target=_end_with_the_engine, daemon=True).start()
    try:
        asyncio.run(until_the_engine_ends())
    except KeyboardInterrupt:  # how an engine ends its providers
        return


def _end_with_the_engine() -> None:
    """Ends this process at once when the engine is killed. A step that kept working would collide with the next run's.

    The engine holds the other end of standard input and writes nothing (`pkg/resource/plugin/plugin.go`, `ExecPlugin`).
    """
    while os.read(0, 1024):
        continue
    os._exit(1)
