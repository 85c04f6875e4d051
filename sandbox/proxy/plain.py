"""A request of plain HTTP to a proxy, and the same request to the server behind it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

_HOP_BY_HOP = (b"connection", b"proxy-connection", b"proxy-authorization", b"keep-alive")


@dataclass(frozen=True)
class Plain:
    """What is asked of the server.

    Args:
        host: the server's name, in lower case.
        port: its port.
        path: path and query.
    """

    host: str
    port: int
    path: str

    def head(self, asked: bytes) -> bytes:
        """Returns the request's head for the server, from the one that the proxy got.

        The connection ends after the answer: the client's next request may be for another server.
        """
        first, *fields = asked.removesuffix(b"\r\n\r\n").split(b"\r\n")
        method, _, rest = first.partition(b" ")
        kept = [one for one in fields if one.partition(b":")[0].strip().lower() not in _HOP_BY_HOP]
        version = rest.rpartition(b" ")[2]
        line = b" ".join([method, self.path.encode(), version])
        return b"\r\n".join([line, *kept, b"Connection: close", b"", b""])


def plain(target: str) -> Plain | None:
    """Returns what a request with this target asks for; None if it is not for a proxy, or cannot be read."""
    try:
        url = urlsplit(target)
        host, port = url.hostname, url.port or 80
    except ValueError:
        return None
    if url.scheme != "http" or not host:
        return None
    return Plain(host.removesuffix("."), port, url._replace(scheme="", netloc="", fragment="").geturl() or "/")
