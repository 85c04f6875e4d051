"""The proxy from the control plane to its nodes.

Nodes have public addresses that this machine must never connect to. So the API server connects to nodes, pods and
services through this proxy, as the real one does through Konnectivity, and so does metrics-server. It has two targets:
the kubelets, which are kwok's port, and metrics-server's Service. It refuses everything else, and every method but
CONNECT, which no web page can send.
"""

import asyncio
import contextlib
import ssl
import threading
from pathlib import Path


class Konnectivity:
    """An HTTP CONNECT proxy in its own thread, on 127.0.0.1.

    `secure_port`, for the API server, requires a client certificate; `port`, for metrics-server, does not.

    Args:
        pki: folder of the cluster's certificates.
    """

    def __init__(self, pki: Path) -> None:
        self._pki = pki
        self._routes: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="konnectivity", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self.secure_port = 0
        self.port = 0

    def start(self) -> None:
        """Listens on two free ports."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pki / "admin.crt", self._pki / "admin.key")
        context.load_verify_locations(self._pki / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED
        self._thread.start()
        self.secure_port = asyncio.run_coroutine_threadsafe(self._listen(context), self._loop).result()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(None), self._loop).result()

    def route(self, target: str, port: int) -> None:
        """Sends connections to `target` (`address:port`, or `:port` for any address) to that loopback port."""
        self._routes[target] = port

    def stop(self) -> None:
        """Closes everything; does nothing if it was not started."""
        if not self._thread.is_alive():
            self._loop.close()
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self, context: ssl.SSLContext | None) -> int:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Either side may disappear at any time (the API server can be killed): that only ends the tunnel.
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, *_ = head.decode().split(" ")
                await self._tunnel(target if method == "CONNECT" else "", reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self._routes.get(target) or self._routes.get(f":{target.rpartition(':')[2]}")
        if port is None:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            await writer.drain()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            pipes = {
                asyncio.ensure_future(_pipe(reader, far_writer)),
                asyncio.ensure_future(_pipe(far_reader, writer)),
            }
            try:
                await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pipe in pipes:
                    pipe.cancel()
                await asyncio.gather(*pipes, return_exceptions=True)
        finally:
            far_writer.close()
            await far_writer.wait_closed()


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
