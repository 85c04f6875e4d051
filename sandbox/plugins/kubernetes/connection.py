"""HTTPS to one API server: certificates, proxy and credentials from its kubeconfig, failures in Go's words."""

import json
import os
import ssl
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from requests.utils import should_bypass_proxies

from sandbox.plugins.kubernetes.credentials import Credential, Credentials, Unavailable, pem
from sandbox.plugins.kubernetes.kubeconfig import Kubeconfig
from sandbox.plugins.provider import Surroundings

CONNECT_SECONDS = 30
ANSWER_SECONDS = 60  # the API server's own limit for a request

# client-go's words where the body is not read for a reason.
UNAUTHORIZED = "the server has asked for the client to provide credentials"


class Unreachable(Exception):
    """There was no answer; the text is that of Go's HTTP client."""


class ApiError(Exception):
    """The API server's refusal.

    Attributes:
        status: of HTTP.
        reason: Kubernetes' own word, e.g. `AlreadyExists`.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class Connection:
    """Requests to one API server; safe for many threads.

    Args:
        surroundings: of the plugin; exec plugins run in them, and they name the ambient proxy.

    Raises:
        Unreachable: a file that the kubeconfig names cannot be used.
    """

    def __init__(self, kubeconfig: Kubeconfig, surroundings: Surroundings) -> None:
        self._cluster = kubeconfig.cluster
        self._root = self._cluster["server"].rstrip("/")
        self._environment = surroundings.environment
        self.credentials = Credentials(kubeconfig, surroundings)
        self._lock = threading.Lock()
        self._pool: urllib3.PoolManager | None = None
        self._pool_identity: tuple[str, str] | None = None

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> bytes:
        """Makes one request; renews a refused credential once.

        Raises:
            Unreachable: there was no answer.
            ApiError: the answer is a refusal.
        """
        url = self._root + path + (f"?{urlencode(query)}" if query else "")
        payload = None if body is None else json.dumps(body).encode()
        headers = {"Accept": accept, "User-Agent": "pulumi-kubernetes"}
        if payload is not None:
            headers["Content-Type"] = content_type
        response = self._send(method, url, headers, payload)
        if response.status == 401 and self.credentials.refused():
            response = self._send(method, url, headers, payload)
        if response.status >= 400:
            raise _refusal(response)
        return response.data

    def _send(self, method: str, url: str, headers: dict[str, str], payload: bytes | None) -> urllib3.BaseHTTPResponse:
        try:
            credential = self.credentials.current()
            if credential.authorization:
                headers = {**headers, "Authorization": credential.authorization}
            return self._pool_for(credential).request(
                method,
                url,
                body=payload,
                headers=headers,
                retries=False,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
            )
        except (urllib3.exceptions.HTTPError, Unavailable, OSError, ValueError) as error:
            raise Unreachable(f'{method.capitalize()} "{url}": {go_words(error, url)}') from error

    def _pool_for(self, credential: Credential) -> urllib3.PoolManager:
        identity = (credential.certificate, credential.key)
        with self._lock:
            if self._pool is None or self._pool_identity != identity:
                self._pool = self._new_pool(credential)
                self._pool_identity = identity
            return self._pool

    def _new_pool(self, credential: Credential) -> urllib3.PoolManager:
        options: dict[str, Any] = {"maxsize": 32, "ssl_context": self._ssl_context(credential)}
        name = self._cluster.get("tls-server-name")
        if name:
            options |= {"server_hostname": name, "assert_hostname": name}
        proxy = self._cluster.get("proxy-url") or self._ambient_proxy()
        return urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)

    def _ambient_proxy(self) -> str:
        secure = self._root.startswith("https:")
        names = ("HTTPS_PROXY", "https_proxy") if secure else ("HTTP_PROXY", "http_proxy")
        proxy = next((self._environment[name] for name in names if self._environment.get(name)), "")
        exempt = self._environment.get("NO_PROXY") or self._environment.get("no_proxy")
        host = urlsplit(self._root).hostname or ""
        # Go never sends loopback through an ambient proxy.
        if host == "localhost" or host.startswith("127.") or (exempt and should_bypass_proxies(self._root, exempt)):
            return ""
        return proxy

    def _ssl_context(self, credential: Credential) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority = pem(self._cluster, "certificate-authority")
        if self._cluster.get("insecure-skip-tls-verify"):
            # The kubeconfig asks for it; client-go does not warn either.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif authority:
            context.load_verify_locations(cadata=authority)
        else:
            context.load_verify_locations(
                self._environment.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
            )
        if credential.certificate:
            # OpenSSL takes certificates from files only; the folder is the user's alone and gone at once.
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "client.pem"
                with open(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), "w") as pair:
                    pair.write(f"{credential.certificate.rstrip()}\n{credential.key}")
                context.load_cert_chain(file)
        return context


def go_words(error: Exception, url: str) -> str:
    """Returns the text of Go's HTTP client in this case."""
    address = urlsplit(url)
    peer = f"{address.hostname}:{address.port or 443}"
    match error:
        case urllib3.exceptions.ProxyError():
            cause = error.original_error
            if isinstance(cause, OSError) and str(cause).startswith("Tunnel connection failed: "):
                return str(cause).removeprefix("Tunnel connection failed: ").partition(" ")[2]
            return f"proxyconnect tcp: {go_words(cause, url)}"
        case urllib3.exceptions.NameResolutionError():
            return f"dial tcp: lookup {address.hostname}: no such host"
        case urllib3.exceptions.NewConnectionError() if "refused" in str(error):
            return f"dial tcp {_dialled(error, peer)}: connect: connection refused"
        case urllib3.exceptions.NewConnectionError():
            return f"dial tcp {_dialled(error, peer)}: connect: {str(error).rpartition('] ')[2]}"
        case urllib3.exceptions.ConnectTimeoutError():
            return f"dial tcp {peer}: i/o timeout"
        case urllib3.exceptions.ReadTimeoutError():
            return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        case urllib3.exceptions.SSLError() | ssl.SSLCertVerificationError():
            return f"tls: failed to verify certificate: x509: {_innermost(error)}"
        case urllib3.exceptions.ProtocolError():
            return "EOF"
        case _:
            return str(error)


def _dialled(error: urllib3.exceptions.NewConnectionError, default: str) -> str:
    host, port = getattr(error.conn, "host", None), getattr(error.conn, "port", None)
    return f"{host}:{port}" if host else default


def _innermost(error: BaseException) -> str:
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    return getattr(error, "verify_message", "") or str(error)


def _refusal(response: urllib3.BaseHTTPResponse) -> ApiError:
    try:
        status = json.loads(response.data)
        return ApiError(response.status, status.get("reason", ""), status.get("message") or response.reason or "")
    except (ValueError, AttributeError):
        text = response.data.decode(errors="replace").strip()
        return ApiError(response.status, "", text or response.reason or "")
