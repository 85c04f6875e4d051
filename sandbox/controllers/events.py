"""Events about a cluster's objects, which `kubectl describe` shows."""

import threading
from datetime import UTC, datetime

from sandbox.controllers.cluster import Away, Cluster, Refused
from sandbox.controllers.objects import Object


class Events:
    """Counts repetitions instead of repeating them, as client-go's recorder does.

    Args:
        component: component that reports the events.
    """

    def __init__(self, cluster: Cluster, component: str) -> None:
        self._cluster = cluster
        self._component = component
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, ...], tuple[str, int]] = {}

    def normal(self, kind: str, about: Object, reason: str, message: str) -> None:
        """Reports an action."""
        self._record(kind, about, "Normal", reason, message)

    def warning(self, kind: str, about: Object, reason: str, message: str) -> None:
        """Reports a failure. An event that cannot be written is lost, as with any controller."""
        self._record(kind, about, "Warning", reason, message)

    def _record(self, kind: str, about: Object, type_: str, reason: str, message: str) -> None:
        try:
            self._write(kind, about, type_, reason, message[:1024])  # the API server refuses longer ones
        except (Refused, *Away):
            return

    def _write(self, kind: str, about: Object, type_: str, reason: str, message: str) -> None:
        metadata = about["metadata"]
        namespace = metadata.get("namespace", "default")
        events = f"/api/v1/namespaces/{namespace}/events"
        key = (kind, metadata["uid"], type_, reason, message)
        now = datetime.now(UTC)
        written = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._lock:
            name, count = self._seen.get(key, (f"{metadata['name']}.{int(now.timestamp() * 1e9):x}", 0))
            self._seen[key] = (name, count + 1)
        if count and self._cluster.get(f"{events}/{name}"):  # events live for an hour
            self._cluster.patch_if_there(f"{events}/{name}", {"count": count + 1, "lastTimestamp": written})
            return
        event = {
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {
                "apiVersion": about.get("apiVersion", "v1"),
                "kind": kind,
                "name": metadata["name"],
                "namespace": metadata.get("namespace"),
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
            },
            "type": type_,
            "reason": reason,
            "message": message,
            "source": {"component": self._component},
            "firstTimestamp": written,
            "lastTimestamp": written,
            "count": count + 1,
        }
        self._cluster.create(events, event)
