"""TLS as strict as that of Python 3.13 and later is by default, on any Python."""

import ssl
from pathlib import Path


def strict(authority: Path) -> ssl.SSLContext:
    """A client that trusts this authority alone."""
    context = ssl.create_default_context(cafile=str(authority))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> ssl.SSLObject:
    """The client's end of a connection in memory, once both sides have accepted each other.

    Raises:
        ssl.SSLError: one of them has not.
    """
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = [*ends]
    while waiting:
        for end in [*waiting]:
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
    return ends[0]
