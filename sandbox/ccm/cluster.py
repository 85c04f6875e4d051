"""The cluster's API server as the CCM uses it: Services, Nodes and Events, as plain objects of their JSON."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config

from sandbox.ccm.gate import Gate

Object = dict[str, Any]
Calls = Callable[..., Any]  # a method of the official client
MERGE = "application/strategic-merge-patch+json"
CALL_SECONDS = 30
WATCH_SECONDS = 300

Away = (urllib3.exceptions.HTTPError, OSError)
"""What a call raises when the API server does not answer."""


class Refused(Exception):
    """The API server answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Cluster:
    """One cluster's API server through the official client.

    Args:
        kubeconfig: its address and our credentials.
        gate: through which every call goes.
    """

    def __init__(self, kubeconfig: Path, gate: Gate) -> None:
        settings = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=settings)  # type: ignore[no-untyped-call]
        settings.proxy = None  # loopback, whatever the user's environment says
        settings.retries = False  # a controller's own queue retries
        api = client.ApiClient(settings)
        self._core = client.CoreV1Api(api)
        self._pools: urllib3.PoolManager = api.rest_client.pool_manager
        gate.guard(self._pools)
        self._events = _Events(self._core)

    def close(self) -> None:
        """Closes the idle connections."""
        self._pools.clear()

    def services(self, **options: Any) -> urllib3.HTTPResponse:
        """Lists or watches the Services of all namespaces; for an Informer."""
        return _answer(self._core.list_service_for_all_namespaces, **options)

    def nodes(self, **options: Any) -> urllib3.HTTPResponse:
        """Lists or watches the Nodes; for an Informer."""
        return _answer(self._core.list_node, **options)

    def patch_service(self, service: Object, patch: Object) -> None:
        """Merges `patch` into the stored Service; the given copy only learns its new resourceVersion.

        Raises:
            Refused: e.g. 404, it is gone.
        """
        self._patch_service(self._core.patch_namespaced_service, service, patch)

    def patch_service_status(self, service: Object, patch: Object) -> None:
        """Merges `patch` into the stored Service's status."""
        self._patch_service(self._core.patch_namespaced_service_status, service, patch)

    def patch_node(self, name: str, patch: Object) -> None:
        """Merges `patch` into the Node."""
        _read(self._core.patch_node, name, patch, _content_type=MERGE)

    def patch_node_status(self, name: str, patch: Object) -> Object:
        """Merges `patch` into the Node's status and returns the Node."""
        return _read(self._core.patch_node_status, name, patch, _content_type=MERGE)

    def delete_node(self, name: str) -> None:
        """Deletes the Node."""
        _read(self._core.delete_node, name)

    def record(self, kind: str, about: Object, type_: str, reason: str, message: str) -> None:
        """Writes an Event about an object. One that cannot be written is lost, as with any controller.

        Args:
            kind: `Service` or `Node`.
            type_: `Normal` or `Warning`.
        """
        try:
            self._events.record(kind, about, type_, reason, message)
        except (Refused, *Away):
            return

    def _patch_service(self, call: Calls, service: Object, patch: Object) -> None:
        metadata = service["metadata"]
        stored = _read(call, metadata["name"], metadata["namespace"], patch, _content_type=MERGE)
        metadata["resourceVersion"] = stored["metadata"]["resourceVersion"]


class _Events:
    """Counts repetitions instead of repeating them, as client-go's recorder does."""

    def __init__(self, core: client.CoreV1Api) -> None:
        self._core = core
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, ...], Object] = {}

    def record(self, kind: str, about: Object, type_: str, reason: str, message: str) -> None:
        metadata = about["metadata"]
        namespace = metadata.get("namespace", "default")
        key = (kind, namespace, metadata["name"], metadata["uid"], type_, reason, message)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._lock:
            seen = self._seen.get(key)
            if seen:
                patch = {"count": seen["count"] + 1, "lastTimestamp": now}
                name = seen["metadata"]["name"]
                try:
                    change = self._core.patch_namespaced_event
                    self._seen[key] = _read(change, name, namespace, patch, _content_type=MERGE)
                    return
                except Refused as refused:
                    if refused.status != 404:  # events live for an hour
                        raise
            event = {
                "metadata": {"generateName": f"{metadata['name']}.", "namespace": namespace},
                "involvedObject": {
                    "apiVersion": "v1",
                    "kind": kind,
                    "name": metadata["name"],
                    "namespace": metadata.get("namespace"),
                    "uid": metadata["uid"],
                    "resourceVersion": metadata["resourceVersion"],
                },
                "type": type_,
                "reason": reason,
                "message": message[:1024],  # the API server refuses longer ones
                "source": {"component": "service-controller" if kind == "Service" else "cloud-node-controller"},
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
            }
            self._seen[key] = _read(self._core.create_namespaced_event, namespace, event)


def _answer(call: Calls, *arguments: Any, **options: Any) -> urllib3.HTTPResponse:
    try:
        response: urllib3.HTTPResponse = call(
            *arguments, _preload_content=False, **{"_request_timeout": CALL_SECONDS, **options}
        )
    except client.ApiException as error:
        if not error.status:
            raise ConnectionError(error.reason) from None  # how the client words a broken TLS connection
        try:
            message = json.loads(error.body or "")["message"]
        except (ValueError, KeyError, TypeError):
            message = error.reason
        raise Refused(error.status, message) from None
    return response


def _read(call: Calls, *arguments: Any, **options: Any) -> Object:
    document: Object = json.loads(_answer(call, *arguments, **options).data)
    return document
