"""An HTTP proxy on loopback for clients that know only real host names."""

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from sandbox.ports import LOCALHOST
from sandbox.proxy.authority import Authority
from sandbox.proxy.plain import Plain, plain
from sandbox.proxy.routes import Api, Cluster, Elsewhere, Refused, Route, refuse_unroutable, route
from sandbox.proxy.tunnel import Connection, join, open_connection, open_first, resolve
from sandbox.traffic.way import Nowhere

_CONNECT_SECONDS = 30
_FAREWELL_SECONDS = 1
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

Serve = Callable[[Connection], Coroutine[Any, Any, None]]


class Silent(Exception):
    """The target accepts the connection and sends nothing."""


class ProxyServer:
    """Answers CONNECT, and plain HTTP for load balancers alone. Runs in its own thread.

    For `*.exoscale.com:443` it ends TLS with the sandbox's own certificate and forwards to the API, including the Host
    header. A cluster's endpoint is a raw tunnel to its API server, so client certificates work. It neither serves nor
    forwards any other Exoscale name or port. A load balancer's address, or a name that means one, leads to the listener
    that stands for it. It connects directly to every other host.

    Args:
        authority: signs the API's certificates.
        api_port: port of the API on 127.0.0.1.
        cluster_port: returns the port on 127.0.0.1 of a cluster's API server by the cluster's id; raises
            LookupError if there is none.
        port: port to listen on; 0 for a free one.
        address: loopback address to listen on.
        balancer_port: returns the port on 127.0.0.1 that stands for a load balancer's port, by the host that a client
            asks for; None if the host is none; raises `sandbox.traffic.way.Nowhere` if it has no such port.
    """

    def __init__(
        self,
        authority: Authority,
        api_port: int,
        cluster_port: Callable[[str], int],
        port: int = 0,
        address: str = LOCALHOST,
        balancer_port: Callable[[str, int], int | None] = lambda host, port: None,
    ) -> None:
        self.port = port
        self._address = address
        self._authority = authority
        self._api_port = api_port
        self._cluster_port = cluster_port
        self._balancer_port = balancer_port
        self._tls_port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._running: dict[asyncio.Task[None], Connection] = {}
        self._log = logging.getLogger("sandbox.proxy")

    @property
    def url(self) -> str:
        """URL for `HTTPS_PROXY` and a kubeconfig's `proxy-url`."""
        return f"http://{self._address}:{self.port}"

    def start(self) -> None:
        """Starts to listen.

        Raises:
            OSError: the port is taken.
        """
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Closes everything; safe to call twice."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self.port = await self._listen_at(self._address, self.port, self._serve)
        # TLS ends at a separate listener, so that every tunnel of the proxy only copies bytes.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self._choose_certificate
        self._tls_port = await self._listen_at(LOCALHOST, 0, self._serve_api, context)

    async def _listen_at(self, address: str, port: int, serve: Serve, context: ssl.SSLContext | None = None) -> int:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = Connection(reader, writer)
            task = self._loop.create_task(self._run(serve, connection))
            self._running[task] = connection
            task.add_done_callback(self._running.pop)

        server = await asyncio.start_server(accept, address, port, ssl=context)
        self._servers.append(server)
        actual: int = server.sockets[0].getsockname()[1]
        return actual

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        # Connections that are just being accepted are asyncio's own tasks.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            connections = list(self._running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for connection in connections:  # a task that never started has closed nothing
                await connection.abort()
        await self._loop.shutdown_default_executor()  # the resolver's threads

    @staticmethod
    async def _run(serve: Serve, connection: Connection) -> None:
        # Either side may disappear at any time: that only ends this connection.
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
            try:
                await serve(connection)
            finally:
                connection.close()

    async def _serve_api(self, client: Connection) -> None:
        await join(client, await open_connection("127.0.0.1", self._api_port))

    def _choose_certificate(self, session: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        try:
            destination = route(f"{name}:443")
        except Refused:
            destination = None
        if not isinstance(destination, Api):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        session.context = self._authority.context(destination.host)
        return None

    async def _serve(self, client: Connection) -> None:
        head = await client.reader.readuntil(b"\r\n\r\n")
        try:
            method, target, _ = head.partition(b"\r\n")[0].decode("ascii").split(" ")
        except ValueError:
            await self._refuse(client, 400, "not an HTTP request")
            return
        request: Plain | None = None
        try:
            if method == "CONNECT":
                far = await self._reach(route(target))
            else:
                request = plain(target)
                far = await self._reach_balancer(request, target)
        except Refused as refusal:
            await self._refuse(client, 403, str(refusal))
            return
        except (OSError, UnicodeError) as error:
            await self._refuse(client, 502, f"{target} cannot be reached: {error or 'no answer'}")
            return
        except Silent as silent:
            # As in front of a dead control plane: the load balancer accepts, but nothing behind it speaks TLS.
            # A refusal would be an answer.
            self._log.info("%s", silent)
            client.writer.write(_ESTABLISHED)
            await client.reader.read(65536)  # closing with unread data would reset the connection
            return
        if request:
            far.writer.write(request.head(head))
        else:
            client.writer.write(_ESTABLISHED)
        await join(client, far)

    async def _reach_balancer(self, request: Plain | None, target: str) -> Connection:
        local = self._local_port(request.host, request.port) if request else None
        if local is None:
            raise Refused(
                f"the sandbox's proxy carries https, and http only to load balancers: {target} is forwarded nowhere"
            )
        return await open_connection(LOCALHOST, local)

    def _local_port(self, host: str, port: int) -> int | None:
        try:
            return self._balancer_port(host, port)
        except Nowhere as nothing:
            raise Refused(str(nothing)) from None

    async def _reach(self, destination: Route) -> Connection:
        match destination:
            case Api():
                return await open_connection("127.0.0.1", self._tls_port)
            case Cluster(id_):
                try:
                    port = self._cluster_port(id_)
                except LookupError:
                    raise Refused(f"no SKS cluster {id_} runs in this sandbox") from None
                try:
                    return await open_connection("127.0.0.1", port)
                except OSError:
                    raise Silent(f"the API server of SKS cluster {id_} is dead") from None
            case Elsewhere(host, port):
                if (local := self._local_port(host, port)) is not None:
                    return await open_connection(LOCALHOST, local)
                async with asyncio.timeout(_CONNECT_SECONDS):
                    addresses = await resolve(host, port)
                    refuse_unroutable(host, addresses)
                    return await open_first(addresses, port)

    async def _refuse(self, client: Connection, status: int, why: str) -> None:
        """Gives the reason in the status line, the only part of a proxy's answer that Go and Python show, and in the
        body."""
        self._log.info("refused: %s", why)
        body = f"{why}\n".encode()
        head = f"HTTP/1.1 {status} {why}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        client.writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        # Closing while the client still sends its body would reset the connection and lose the answer.
        client.writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                while await client.reader.read(65536):
                    pass
