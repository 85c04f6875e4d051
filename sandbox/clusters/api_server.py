"""A cluster's API server, asked directly on loopback as its administrator."""

from pathlib import Path
from typing import Any

import requests

Object = dict[str, Any]
MERGE_PATCH = "application/merge-patch+json"


class Refused(Exception):
    """The API server answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class ApiServer:
    """Requests to one API server. A connection error stays a `requests.ConnectionError`.

    Args:
        port: on 127.0.0.1.
        pki: folder with the administrator's certificate and the authority.
    """

    def __init__(self, port: int, pki: Path) -> None:
        self._root = f"https://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False  # never through the user's HTTPS_PROXY
        self._session.cert = (str(pki / "admin.crt"), str(pki / "admin.key"))
        self._session.verify = str(pki / "ca.crt")

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def ready(self) -> bool:
        """Whether the API server says that it is ready."""
        try:
            return self._session.get(f"{self._root}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    def get(self, path: str) -> Object | None:
        """The object or list; None where there is none."""
        try:
            return self._call("GET", path)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def create(self, path: str, body: Object) -> bool:
        """Creates the object in the collection at `path`; False where one of that name exists."""
        try:
            self._call("POST", path, body)
        except Refused as refused:
            if refused.status == 409:
                return False
            raise
        return True

    def patch(self, path: str, body: Object) -> None:
        """Merges `body` into the object at `path`."""
        self._call("PATCH", path, body, MERGE_PATCH)

    def delete(self, path: str) -> None:
        """Deletes the object; nothing happens where there is none."""
        try:
            self._call("DELETE", path)
        except Refused as refused:
            if refused.status != 404:
                raise

    def _call(self, method: str, path: str, body: Object | None = None, kind: str = "application/json") -> Object:
        answer = self._session.request(method, self._root + path, json=body, headers={"Content-Type": kind}, timeout=30)
        document: Object = answer.json()
        if not answer.ok:
            raise Refused(answer.status_code, document.get("message", answer.reason))
        return document
