"""A request to an ingress controller, and what it does with it."""

import posixpath
import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from sandbox.controllers.objects import Object
from sandbox.traffic.snapshot import Snapshot


@dataclass(frozen=True)
class Request:
    """An HTTP request.

    Args:
        host: the name asked for, in lower case, without a port.
        target: path and query as they were sent.
        port: the container's port that it came to.
        secure: whether it came over TLS.
    """

    host: str
    target: str
    port: int = 80
    secure: bool = False

    @property
    def path(self) -> str:
        """The decoded path, without dots and double slashes."""
        decoded = re.sub("/+", "/", unquote(self.target.partition("?")[0])) or "/"
        path = posixpath.normpath(decoded)
        return path if path == "/" or not decoded.endswith("/") else f"{path}/"


@dataclass(frozen=True)
class Forward:
    """It goes to a Service.

    Args:
        source: the Ingress, or other object, that says so.
        rule: the rule in words, for the page.
        backend: `service` with `name` and `port`, as an Ingress has it.
        path: the path that the application is asked for.
        kind: what the source is.
    """

    source: Object
    rule: str
    backend: Object
    path: str
    kind: str = "ingress"


@dataclass(frozen=True)
class Redirect:
    """The client is to ask elsewhere; `why` is for the page."""

    status: int
    location: str
    why: str
    source: Object | None = None


@dataclass(frozen=True)
class NoAnswer:
    """An error; `text` is the controller's, `why` is for the page."""

    status: int
    text: str
    why: str


Outcome = Forward | Redirect | NoAnswer


@dataclass(frozen=True)
class Own:
    """It shows its own self-signed certificate.

    Args:
        name: the certificate's common name.
    """

    name: str


@dataclass(frozen=True)
class FromSecret:
    """It shows the certificate of a Secret."""

    secret: Object


@dataclass(frozen=True)
class RefusedHandshake:
    """It ends the handshake; `why` is for the log."""

    why: str


Handshake = Own | FromSecret | RefusedHandshake


class Controller(Protocol):
    """One pod's ingress controller, with its flags."""

    @property
    def title(self) -> str:
        """Its name for users."""

    def ends_tls(self, port: int) -> bool:
        """Whether it speaks TLS on this port of its container."""

    def handshake(self, name: str, objects: Snapshot) -> Handshake:
        """Returns what it does with a TLS handshake for a name, which is empty if the client sends none."""

    def route(self, request: Request, objects: Snapshot) -> Outcome:
        """Returns what it does with a request."""

    def without_endpoints(self, forward: Forward) -> NoAnswer:
        """Returns its answer if the Service has no ready endpoint, or does not exist."""


def is_within(path: str, prefix: str) -> bool:
    """Whether the path begins with the prefix's elements: `/a/b` is within `/a`, `/ab` is not."""
    bare = prefix.rstrip("/")
    return path == bare or path.startswith(f"{bare}/")


def is_single_label(host: str, pattern: str) -> bool:
    """Whether the host is `*.example.com` with exactly one label for the star."""
    label, _, rest = host.partition(".")
    return pattern.startswith("*.") and bool(label) and rest == pattern[2:]
