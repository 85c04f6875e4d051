"""Fetches a tool from its publisher and verifies it against the publisher's checksums."""

import hashlib
import io
import tarfile
from pathlib import Path

import requests

from tools.pins import Tool

_CONNECT_SECONDS = 3
_READ_SECONDS = 60
_unreachable: set[str] = set()


class Unreachable(Exception):
    """The publisher cannot be reached from here, or does not ship this version for this machine."""


class ChecksumMismatch(Exception):
    """Raised when a download is not what the publisher signed for: it is never used, and never retried."""


def fetch(tool: Tool, into: Path) -> bool:
    """Downloads every binary of the tool into a folder.

    Returns:
        False where the publisher ships no binaries.

    Raises:
        Unreachable: try another source.
        ChecksumMismatch: stop.
    """
    if not tool.archive:
        return False
    for binary in tool.binaries:
        url = tool.fill(tool.archive, binary)
        content = _get(url)
        name = url.rsplit("/", 1)[1]
        if hashlib.sha256(content).hexdigest() != _checksum(_get(tool.fill(tool.checksums, binary)).decode(), name):
            raise ChecksumMismatch(f"{url} does not match its published checksum; not installed")
        target = into / binary
        target.write_bytes(_member(content, binary) if name.endswith(".tar.gz") else content)
        target.chmod(0o755)
    return True


def _get(url: str) -> bytes:
    host = url.split("/")[2]
    if host in _unreachable:
        raise Unreachable(f"{host} cannot be reached")
    try:
        answer = requests.get(url, timeout=(_CONNECT_SECONDS, _READ_SECONDS))
    except requests.RequestException as error:
        _unreachable.add(host)
        raise Unreachable(f"{host} cannot be reached") from error
    if answer.status_code != requests.codes.ok:
        raise Unreachable(f"{url} answered {answer.status_code}")
    return answer.content


def _checksum(text: str, name: str) -> str:
    """The sum for that file: from a list of `sum  name` lines, or a file that holds the sum alone."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 1 or (len(fields) == 2 and fields[1].lstrip("*") == name):
            return fields[0]
    raise ChecksumMismatch(f"the publisher lists no checksum for {name}")


def _member(archive: bytes, binary: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for member in opened:
            if member.isfile() and Path(member.name).name == binary:
                file = opened.extractfile(member)
                assert file is not None  # noqa: S101 - a regular file always opens
                return file.read()
    raise Unreachable(f"the archive holds no {binary}")
