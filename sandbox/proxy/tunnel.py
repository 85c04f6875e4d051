"""Joins two connections: bytes, ends and resets of one side reach the other."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Sequence

_CHUNK = 65536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for 0 s


class Connection:
    """One side of a tunnel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._socket: socket.socket = writer.get_extra_info("socket")

    async def pour_into(self, other: "Connection") -> None:
        """Copies until this side ends, then ends the other's reading if that can stay open for writing.

        Raises:
            OSError: either side is gone.
        """
        while data := await self.reader.read(_CHUNK):
            other.writer.write(data)
            await other.writer.drain()
        if other.writer.can_write_eof():
            other.writer.write_eof()

    def close(self) -> None:
        """Ends in order, once everything is sent."""
        self.writer.close()

    async def abort(self) -> None:
        """Ends at once; what is not sent yet is lost."""
        self.writer.transport.abort()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def reset(self) -> None:
        """Ends like a peer that died: the other end sees an error, not an end."""
        with contextlib.suppress(OSError):  # it is already closed
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        await self.abort()


async def open_connection(host: str, port: int) -> Connection:
    """Connects.

    Raises:
        OSError: the host is unknown or refuses.
    """
    return Connection(*await asyncio.open_connection(host, port))


async def open_first(addresses: Sequence[str], port: int) -> Connection:
    """Connects to the first of a host's addresses that accepts.

    Raises:
        OSError: none does.
    """
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return await open_connection(address, port)
    return await open_connection(addresses[-1], port)


async def resolve(host: str, port: int) -> list[str]:
    """Returns the addresses of a host, IPv4 first.

    Raises:
        OSError: the host is unknown.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in sorted(found, key=lambda item: item[0] != socket.AF_INET)]


async def join(near: Connection, far: Connection) -> None:
    """Copies both ways until both sides have ended, or one is reset.

    A side that ends while the other still sends stays open for it (a half-open connection), except under TLS, where
    asyncio cannot end one direction alone: there the first end ends both. No time limit: a watch may be silent for
    hours.
    """
    pipes = [asyncio.ensure_future(near.pour_into(far)), asyncio.ensure_future(far.pour_into(near))]
    half_open = near.writer.can_write_eof() and far.writer.can_write_eof()
    try:
        done, _ = await asyncio.wait(
            pipes, return_when=asyncio.FIRST_EXCEPTION if half_open else asyncio.FIRST_COMPLETED
        )
        for pipe in done:
            pipe.result()
    except OSError:
        await asyncio.gather(near.reset(), far.reset())
    except asyncio.CancelledError:
        await asyncio.gather(near.abort(), far.abort())
        raise
    finally:
        for pipe in pipes:
            pipe.cancel()
        near.close()
        far.close()
        await asyncio.gather(*pipes, return_exceptions=True)
