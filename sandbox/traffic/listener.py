"""An HTTP server on loopback for one port of a load balancer."""

import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from sandbox.ports import LOCALHOST
from sandbox.traffic import certificate
from sandbox.traffic.answer import answer, nowhere, refused
from sandbox.traffic.http import FromSecret, Own, RefusedHandshake, Request
from sandbox.traffic.names import is_loopback, on_loopback, without_localhost
from sandbox.traffic.page import Reply
from sandbox.traffic.way import Nowhere, Way

_IDLE_SECONDS = 60
_BODY_BYTES = 2**20
_TLS_RECORD = b"\x16"  # a handshake's first byte
_NOBODY = "sandbox"  # common name of the certificate of pods that would have one of their own

FindWay = Callable[[str, int, str], Way]
"""Returns the way of a connection by address, port and client; raises Nowhere."""


class Listener(ThreadingHTTPServer):
    """Answers for one address and port.

    Args:
        address, port: of the load balancer.
        local_port: port to listen on; raises OSError if it is taken.
        find: finds the way of each connection.
        tls_port: returns the port on loopback that stands for the address's port 443, if there is one.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 32

    def __init__(
        self, address: str, port: int, local_port: int, find: FindWay, tls_port: Callable[[str], int | None]
    ) -> None:
        self.address = address
        self.port = port
        self.find = find
        self.tls_port = tls_port
        super().__init__((LOCALHOST, local_port), _Handler)

    @property
    def local_port(self) -> int:
        """The port on loopback."""
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go at any time, and refused handshakes end here, too."""
        logging.getLogger("sandbox.traffic").debug(
            "a connection to %s:%s ended", self.address, self.port, exc_info=True
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    server: Listener

    def setup(self) -> None:
        """Chooses the way, as a load balancer does once per connection, and ends TLS where the way's end would."""
        self._why = ""
        self._way: Way | None = None
        try:
            self._way = self.server.find(self.server.address, self.server.port, str(self.client_address[0]))
        except Nowhere as nothing:
            self._why = str(nothing)
        self.request.settimeout(self.timeout)
        self._secure = self.request.recv(1, socket.MSG_PEEK) == _TLS_RECORD
        if self._secure:
            if self._way is None:
                raise ConnectionAbortedError(self._why)
            controller = self._way.controller
            if controller is not None and not controller.ends_tls(self._way.endpoint.port):
                raise ConnectionAbortedError("TLS to a port that speaks plain HTTP")
            self.request = self._tls().wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """Closes the TLS connection, too: the server knows only the one below it."""
        super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError), self.request:
                self.request.unwrap()

    def do_GET(self) -> None:
        """Answers every method alike; nothing is done with a body."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _BODY_BYTES or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # what is left unread would be taken for the next request
        else:
            self.rfile.read(int(length))
        self._send(self._reply())

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing: the page says everything."""

    def _reply(self) -> Reply:
        way = self._way
        if way is None:
            return nowhere(self._why)
        controller, port = way.controller, way.endpoint.port
        if controller is not None and not self._secure and controller.ends_tls(port):
            return refused("plain HTTP was sent to a port that speaks TLS")
        host = without_localhost(self._host(), self.server.address)
        return answer(way, Request(host, self.path, port, self._secure))

    def _host(self) -> str:
        named = self.headers.get("Host") or self.server.address
        return (urlsplit(f"//{named}").hostname or self.server.address).removesuffix(".")

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, self._here(value) if name == "Location" else value)
        self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def _here(self, location: str) -> str:
        """Returns where a client that came over loopback has to ask: the listener that stands for port 443."""
        port = self.server.tls_port(self.server.address) if is_loopback(self._host()) else None
        url = urlsplit(location)
        if port is None or not url.hostname:
            return location
        return url._replace(netloc=on_loopback(url.hostname, self.server.address, port)).geturl()

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = self._choose_certificate
        return context

    def _choose_certificate(self, session: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        way = self._way
        wanted = without_localhost((name or "").lower(), "")
        found = way.controller.handshake(wanted, way.objects) if way and way.controller else Own(_NOBODY)
        match found:
            case Own(subject):
                session.context = certificate.own(subject)
            case FromSecret(secret) if (context := certificate.context_of(secret)) is not None:
                session.context = context
            case FromSecret() | RefusedHandshake():
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return None
