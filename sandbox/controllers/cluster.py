"""Client of a cluster's API server, on loopback as its administrator: any object by its path in the API.

It does not use the official client's typed methods: importing them takes as long as the rest of the sandbox
(`bench/typed_client.py`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

from sandbox.controllers.gate import Gate
from sandbox.controllers.objects import Object, finalizers

MERGE = "application/strategic-merge-patch+json"
CALL_SECONDS = 30
WATCH_SECONDS = 300
READY_SECONDS = 5
THREADS = 20  # per controller: each keeps a connection
NOT_FOUND, CONFLICT = 404, 409

Away = (urllib3.exceptions.HTTPError, OSError)
"""The exceptions of a call if the API server does not answer."""


class Refused(Exception):
    """The API server answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Access:
    """Access to an API server.

    Args:
        port: port on 127.0.0.1.
        pki: folder with the administrator's certificate and the authority.
    """

    port: int
    pki: Path


class Cluster:
    """One cluster's API server. Every method except `ready` raises Refused, or one of `Away`. Threads may share it.

    Args:
        access: access to it.
        gate: gate for every call; None if the caller is never killed.
    """

    def __init__(self, access: Access, gate: Gate | None = None) -> None:
        self._root = f"https://127.0.0.1:{access.port}"
        self._pools = urllib3.PoolManager(
            cert_file=str(access.pki / "admin.crt"),
            key_file=str(access.pki / "admin.key"),
            ca_certs=str(access.pki / "ca.crt"),
            maxsize=THREADS,
            retries=False,  # a controller's own queue retries
        )
        if gate:
            gate.guard(self._pools)

    def close(self) -> None:
        """Closes the idle connections."""
        self._pools.clear()

    def ready(self) -> bool:
        """Whether the API server reports that it is ready."""
        try:
            self._request("GET", "/readyz", read_seconds=READY_SECONDS).drain_conn()
        except (Refused, *Away):
            return False
        return True

    def get(self, path: str) -> Object | None:
        """Returns the object; None if there is none."""
        return self._read_if_there("GET", path)

    def list(self, path: str) -> Object:
        """Returns the list, with the resource version from which to watch it."""
        return self._read("GET", path)

    def watch(self, path: str, version: str) -> Iterator[Object]:
        """Yields the events of a list, which may have a selector, from that resource version, until the API server ends
        the watch."""
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": WATCH_SECONDS,
        }
        selected = f"{path}{'&' if '?' in path else '?'}{urlencode(query)}"
        response = self._request("GET", selected, read_seconds=WATCH_SECONDS + CALL_SECONDS)
        try:
            for line in response:
                if line.endswith(b"\n"):  # otherwise the connection broke in the middle
                    yield json.loads(line)
        finally:
            response.close()

    def create(self, path: str, body: Object) -> bool:
        """Creates the object in the collection at `path`; returns False if one of that name exists."""
        try:
            self._read("POST", path, body)
        except Refused as refused:
            if refused.status == CONFLICT:
                return False
            raise
        return True

    def patch(self, path: str, patch: Object) -> Object:
        """Merges `patch` into the object, by Kubernetes' strategic merge, and returns the object."""
        return self._read("PATCH", path, patch)

    def patch_if_there(self, path: str, patch: Object) -> None:
        """Does the same, but nothing if there is no such object."""
        self._read_if_there("PATCH", path, patch)

    def replace(self, path: str, body: Object) -> bool:
        """Replaces the object; returns False if it is gone or somebody has changed it since it was read."""
        try:
            self._read("PUT", path, body)
        except Refused as refused:
            if refused.status in (NOT_FOUND, CONFLICT):
                return False
            raise
        return True

    def delete(self, path: str) -> None:
        """Deletes the object; does nothing if there is none."""
        self._read_if_there("DELETE", path)

    def add_finalizer(self, path: str, object_: Object, finalizer: str) -> None:
        """Adds the finalizer to the object at `path` unless the given copy has it."""
        if finalizer not in finalizers(object_):
            self.patch_if_there(path, {"metadata": {"finalizers": [finalizer]}})

    def remove_finalizer(self, path: str, finalizer: str) -> None:
        """Removes the finalizer from the object at `path`."""
        self.patch_if_there(path, {"metadata": {"$deleteFromPrimitiveList/finalizers": [finalizer]}})

    def _read(self, method: str, path: str, body: Object | None = None) -> Object:
        document: Object = json.loads(self._request(method, path, body).data)
        return document

    def _read_if_there(self, method: str, path: str, body: Object | None = None) -> Object | None:
        try:
            return self._read(method, path, body)
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise

    def _request(
        self, method: str, path: str, body: Object | None = None, read_seconds: float = CALL_SECONDS
    ) -> urllib3.BaseHTTPResponse:
        response = self._pools.request(
            method,
            self._root + path,
            body=None if body is None else json.dumps(body),
            headers={"Content-Type": MERGE if method == "PATCH" else "application/json", "Accept": "application/json"},
            timeout=urllib3.Timeout(CALL_SECONDS, read_seconds),
            preload_content=False,
        )
        if response.status >= 400:
            raise Refused(response.status, _message(response))
        return response


def _message(response: urllib3.BaseHTTPResponse) -> str:
    try:
        message: Any = json.loads(response.data)["message"]
    except (ValueError, KeyError, TypeError):
        message = response.reason
    return str(message)
