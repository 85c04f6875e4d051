"""The cluster's API server as the CSI sidecars use it: any object by its path, as the JSON that it is."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes import client, config

from sandbox.ccm.cluster import CALL_SECONDS, MERGE, Calls, Object, Refused
from sandbox.ccm.gate import Gate

CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
NODES = "/api/v1/nodes"
PODS = "/api/v1/pods"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
NODE_DRIVERS = "/apis/storage.k8s.io/v1/csinodes"

_QUERY = {
    "watch": "watch",
    "resource_version": "resourceVersion",
    "allow_watch_bookmarks": "allowWatchBookmarks",
    "timeout_seconds": "timeoutSeconds",
}


class Cluster:
    """One cluster's API server. A call raises `sandbox.ccm.cluster.Refused`, or one of its `Away`.

    Args:
        kubeconfig: its address and our credentials.
        gate: through which every call goes.
    """

    def __init__(self, kubeconfig: Path, gate: Gate) -> None:
        settings = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=settings)  # type: ignore[no-untyped-call]
        settings.proxy = None  # loopback, whatever the user's environment says
        self._root = settings.host
        self._pools: urllib3.PoolManager = client.ApiClient(settings).rest_client.pool_manager
        gate.guard(self._pools)

    def close(self) -> None:
        """Closes the idle connections."""
        self._pools.clear()

    def collection(self, path: str) -> Calls:
        """What an Informer wants: lists the objects at `path`, or watches them."""

        def calls(**options: Any) -> urllib3.BaseHTTPResponse:
            query = {_QUERY[name]: _text(value) for name, value in options.items() if name in _QUERY}
            timeout = options.get("_request_timeout", (CALL_SECONDS, CALL_SECONDS))
            return self._request("GET", f"{path}?{urlencode(query)}", timeout=timeout)

        return calls

    def get(self, path: str) -> Object | None:
        """The object, or None where there is none."""
        try:
            return self._read("GET", path)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def create(self, path: str, body: Object) -> bool:
        """Creates the object in the collection at `path`; False where one of that name exists."""
        try:
            self._read("POST", path, body)
        except Refused as refused:
            if refused.status == 409:
                return False
            raise
        return True

    def patch(self, path: str, patch: Object) -> None:
        """Merges `patch` into the object, by Kubernetes' strategic merge; nothing happens where there is none."""
        try:
            self._read("PATCH", path, patch)
        except Refused as refused:
            if refused.status != 404:
                raise

    def delete(self, path: str) -> None:
        """Deletes the object; nothing happens where there is none."""
        try:
            self._read("DELETE", path)
        except Refused as refused:
            if refused.status != 404:
                raise

    def add_finalizer(self, path: str, object_: Object, finalizer: str) -> None:
        """Adds the finalizer to the object at `path` unless the given copy has it."""
        if finalizer not in finalizers(object_):
            self.patch(path, {"metadata": {"finalizers": [finalizer]}})

    def remove_finalizer(self, path: str, finalizer: str) -> None:
        """Takes the finalizer from the object at `path`."""
        self.patch(path, {"metadata": {"$deleteFromPrimitiveList/finalizers": [finalizer]}})

    def _read(self, method: str, path: str, body: Object | None = None) -> Object:
        document: Object = json.loads(self._request(method, path, body).data)
        return document

    def _request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        timeout: tuple[float, float] = (CALL_SECONDS, CALL_SECONDS),
    ) -> urllib3.BaseHTTPResponse:
        response = self._pools.request(
            method,
            self._root + path,
            body=None if body is None else json.dumps(body),
            headers={"Content-Type": MERGE if method == "PATCH" else "application/json", "Accept": "application/json"},
            timeout=urllib3.Timeout(*timeout),
            retries=False,  # a controller's own queue retries
            preload_content=False,
        )
        if response.status >= 400:
            try:
                message = json.loads(response.data)["message"]
            except (ValueError, KeyError, TypeError):
                message = str(response.reason)
            raise Refused(response.status, message)
        return response


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def finalizers(object_: Object) -> list[str]:
    """The object's finalizers."""
    return list(object_["metadata"].get("finalizers") or [])


def is_going(object_: Object) -> bool:
    """Whether somebody asked for the object's deletion."""
    return "deletionTimestamp" in object_["metadata"]
