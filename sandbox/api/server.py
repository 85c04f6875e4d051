"""Serves a simulated cloud over HTTP on the loopback interface."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.api import admin
from sandbox.api.gateway import Gateway, ReplyLost
from sandbox.api.openapi import official
from sandbox.cloud import Cloud

TICK_SECONDS = 0.1
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


class ApiServer:
    """Serves a cloud on 127.0.0.1 from a thread, for as long as the context is open.

    Handlers come from `routes.HANDLERS`; `families.load()` fills it.

    Args:
        cloud: the cloud to serve.
        admin_token: token that callers of the admin API must send as `X-Sandbox-Token`.
        port: port to listen on; 0 takes a free one.
    """

    def __init__(self, cloud: Cloud, admin_token: str, port: int = 0) -> None:
        self._cloud = cloud
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._gateway = Gateway(cloud, official(), self.url)
        app = Starlette(
            routes=[
                Mount("/_sandbox", routes=admin.routes(cloud, admin_token)),
                Route("/{path:path}", self._respond, methods=_METHODS),
            ],
            lifespan=self._lifespan,
            exception_handlers={HTTPException: _refused},
        )
        self._ready = threading.Event()
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=self._protocol(),
                ws="none",
                loop="asyncio",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,  # they would change the address by which a lost reply's connection is found
                timeout_keep_alive=75,  # longer than any client's pause, so that no client's connection is closed
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if not self._thread.is_alive():
            raise RuntimeError("the API server did not start; its log says why")
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._ready.set()  # also if the start fails: its starter is waiting for this

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(self._tick_for_ever())
        self._ready.set()  # the socket already listens: requests are served from now on
        yield
        ticking.cancel()

    async def _tick_for_ever(self) -> None:
        """Ends operations that nobody polls."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if not self._cloud.operations.is_any_open:
                continue
            try:
                await run_in_threadpool(self._tick)
            except Exception:
                self._cloud.log.exception("an operation could not be ended")

    def _tick(self) -> None:
        with self._cloud.lock:
            self._cloud.operations.tick()

    def _protocol(self) -> type[H11Protocol]:
        """uvicorn's protocol that keeps its connections accessible: ASGI cannot close one without an answer."""
        transports = self._transports

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        return Protocol

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._gateway.respond(request)
        except ClientDisconnect:
            pass
        except ReplyLost:
            transport = self._transports.get(request.scope["client"])
            if transport:  # a killed CCM has already closed it
                transport.abort()
            while (await request.receive())["type"] != "http.disconnect":
                pass
        return Response()  # is never sent


def _listen(port: int) -> socket.socket:
    # With an explicit protocol, asyncio sets TCP_NODELAY; without it each answer waits 40 ms for an ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return JSONResponse({"message": f"{request.method} {request.url.path}: {error}"}, status)
