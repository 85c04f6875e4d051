"""Passes a request to its handler in a fixed order: route, credentials, faults, validation, handler."""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.api.auth import authenticate
from sandbox.api.errors import ApiError, NotFound, NotSimulated, TooLarge
from sandbox.api.openapi import InvalidAnswer, OpenApi, Operation
from sandbox.api.routes import HANDLERS, Call
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from sandbox.store import Document

DEFAULT_ZONE = "ch-gva-2"
MAX_BODY_BYTES = 256 * 1024  # assumed; the longest body of a client, a nodepool's user data, is far smaller
KILLED = {"kill-ccm": "ccm", "kill-csi": "csi"}  # the part of a cluster that a fault kills, by effect
_HOST = re.compile(r"api-([a-z0-9-]+)\.exoscale\.com(?::\d+)?")
_PATH = re.compile(r"(?:/zone/([a-z0-9-]+))?/v2(/.*)")


class ReplyLost(Exception):
    """The connection must be closed without an answer."""


@dataclass(frozen=True)
class Received:
    """A request as it arrived, not decoded, because the signature covers it as it was sent."""

    method: str
    path: str
    query: str
    body: bytes
    host: str
    authorization: str


@dataclass(frozen=True)
class Admitted:
    """A request whose caller is authorised."""

    received: Received
    operation: Operation
    parameters: dict[str, str]
    zone: str
    through_proxy: bool
    key: Document

    @property
    def organization(self) -> str:
        """Id of the key's organisation, which owns what the handler sees and makes. Empty without a key, so nothing is
        visible."""
        return str(self.key.get("_organization", ""))

    def cluster_of(self, part: str) -> str:
        """Id of the cluster whose `ccm` or `csi` calls; empty for other callers. Their keys are named after both
        (docs/exoscale.md, Clusters)."""
        name, prefix = str(self.key.get("name", "")), f"sks-{part}-"
        return name.removeprefix(prefix) if name.startswith(prefix) else ""


class Gateway:
    """Answers requests to the API. Handlers run in worker threads, one at a time, with the cloud's lock held.

    Args:
        root: root of the URLs that the API returns.
    """

    def __init__(self, cloud: Cloud, openapi: OpenApi, root: str) -> None:
        self._cloud = cloud
        self._openapi = openapi
        self._root = root

    async def respond(self, request: Request) -> JSONResponse:
        """Answers a request, also with refusals.

        Raises:
            ReplyLost: a fault suppresses the reply; the request has taken effect.
        """
        try:
            received = Received(
                request.method,
                request.scope["raw_path"].decode("latin-1"),
                request.scope["query_string"].decode("latin-1"),
                await _body(request),
                request.headers.get("host", ""),
                request.headers.get("authorization", ""),
            )
            admitted = await run_in_threadpool(self._admit, received)
            faults = self._cloud.faults.call(admitted.operation.id)
            await _delay_or_refuse(faults)
        except ApiError as refusal:
            return JSONResponse(refusal.body(), refusal.status)
        response = await run_in_threadpool(self._handle, admitted)
        await self._lose_reply(faults, admitted)
        return response

    def _admit(self, received: Received) -> Admitted:
        host, path = _HOST.fullmatch(received.host), _PATH.fullmatch(received.path)
        zone = (path and path[1]) or (host and host[1]) or DEFAULT_ZONE
        found = self._openapi.match(received.method, path[2]) if path and zone in self._openapi.zones else None
        if found is None:
            raise NotFound(f"{received.method} {received.path} not found")
        operation, parameters = found
        key: Document = {}
        if received.authorization or operation.id != "list-zones":  # the Python client does not sign this call
            key = authenticate(
                self._cloud, received.authorization, received.method, received.path, received.query, received.body
            )
        if operation.id not in HANDLERS:
            raise NotSimulated(operation.id)
        return Admitted(received, operation, parameters, zone, host is not None, key)

    def _handle(self, admitted: Admitted) -> JSONResponse:
        operation = admitted.operation
        try:
            answer = self._answer(admitted)
            self._openapi.answer(operation, answer)
        except ApiError as refusal:
            return JSONResponse(refusal.body(), refusal.status)
        except InvalidAnswer as bug:
            self._cloud.log.error("%s", bug)
            return JSONResponse({"message": f"bug in the sandbox: {bug}"}, 500)
        except Exception as bug:
            self._cloud.log.exception("%s", operation.id)
            return JSONResponse({"message": f"bug in the sandbox: {operation.id}: {type(bug).__name__}: {bug}"}, 500)
        return JSONResponse(answer)

    def _answer(self, admitted: Admitted) -> Document:
        received, operation = admitted.received, admitted.operation
        pairs = parse_qsl(received.query, keep_blank_values=True)
        query, body, nulls = self._openapi.request(operation, admitted.parameters, pairs, received.body)
        call = Call(
            operation_id=operation.id,
            zone=admitted.zone,
            path=admitted.parameters,
            query=query,
            body=body,
            nulls=nulls,
            key=admitted.key.get("key", ""),
            through_proxy=admitted.through_proxy,
            root=self._root,
        )
        with self._cloud.lock:
            self._cloud.operations.tick()
            return HANDLERS[operation.id](self._cloud.of(admitted.organization), call)

    async def _lose_reply(self, faults: list[Fault], admitted: Admitted) -> None:
        effects = {fault.effect for fault in faults}
        for part in (KILLED[effect] for effect in effects & KILLED.keys()):
            if cluster_id := admitted.cluster_of(part):
                await run_in_threadpool(self._cloud.control_planes.kill, cluster_id, part)
                raise ReplyLost
        if "lose-reply" in effects:
            raise ReplyLost


async def _body(request: Request) -> bytes:
    """Reads the body up to its limit. It receives all of it first: a client that is still sending would not read a
    refusal."""
    read, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length <= MAX_BODY_BYTES:
            read.append(part)
    if length > MAX_BODY_BYTES:
        raise TooLarge(f"Request body too large: at most {MAX_BODY_BYTES} bytes")
    return b"".join(read)


async def _delay_or_refuse(faults: list[Fault]) -> None:
    for fault in faults:
        if fault.effect == "delay":
            await asyncio.sleep(fault.seconds)
    for fault in faults:
        if fault.effect == "status":
            refusal = ApiError(fault.message)
            refusal.status = fault.status
            raise refusal
