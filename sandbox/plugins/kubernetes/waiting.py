"""Waits for an object to become ready or to be gone, with a time limit, and shows the reason."""

import json
import time
from collections.abc import Callable
from typing import Any

from sandbox.plugins.kubernetes import manifest
from sandbox.plugins.kubernetes.changes import parse
from sandbox.plugins.kubernetes.cluster import Cluster, Object, Reference, reference_of
from sandbox.plugins.kubernetes.readiness import Check, is_awaited
from sandbox.plugins.provider import Context, Severity

DEFAULT_SECONDS = 600  # docs/plugins.md, Kubernetes objects
TOKEN_SECONDS = 5  # of a service account's token Secret
POLL_SECONDS = 0.25

# The kinds whose deletion is awaited even with pulumi.com/skipAwait (docs/plugins.md, Kubernetes objects).
_ALWAYS_AWAITED = {"Namespace", "Pod", "ReplicationController", "DaemonSet", "Deployment", "StatefulSet", "Job"}


class NotReady(Exception):
    """The object exists but did not become ready.

    Attributes:
        reasons: what is missing, one line each.
    """

    def __init__(self, message: str, live: Object, reasons: list[str]) -> None:
        super().__init__(message)
        self.live = live
        self.reasons = reasons


class NotDeleted(Exception):
    """The object still exists."""


def seconds(body: Object, custom: float) -> float:
    """Returns the time limit: customTimeouts, or else the annotation, or else 10 min."""
    if custom:
        return custom
    written = manifest.annotation(body, manifest.TIMEOUT)
    try:
        return float(written) if written else DEFAULT_SECONDS
    except ValueError:
        return DEFAULT_SECONDS


def await_ready(
    context: Context[Any], urn: str, cluster: Cluster, body: Object, live: Object, limit: float, settle_seconds: float
) -> Object:
    """Waits until the object is ready.

    Args:
        body: the manifest, whose annotations have a say.
        limit: in seconds.
        settle_seconds: see `Check`.

    Returns:
        The live object.

    Raises:
        NotReady: it is not, within the limit or when the user cancelled.
        Unreachable, ApiError: the API server did not say.
    """
    custom = manifest.annotation(body, manifest.WAIT_FOR)
    if custom is None and (manifest.annotation(body, manifest.SKIP_AWAIT) == "true" or not is_awaited(body)):
        return live
    if live["kind"] == "Secret":
        limit = min(limit, TOKEN_SECONDS)
    check = Check(cluster, settle_seconds)
    problems: Callable[[Object], list[str]] = check.problems if custom is None else lambda seen: _unmet(custom, seen)
    reference = reference_of(live)
    deadline = time.monotonic() + limit
    shown = ""
    while found := problems(live):
        if check.status != shown:
            shown = check.status
            context.log(Severity.INFO, shown, urn, ephemeral=True)
        name = live["metadata"]["name"]
        if time.monotonic() >= deadline:
            raise NotReady(f"'{name}' timed out waiting to be Ready", live, found)
        if context.cancelled.wait(POLL_SECONDS):
            raise NotReady(f'Resource operation was cancelled for "{name}"', live, found)
        live = cluster.get(reference)
    return live


def look(cluster: Cluster, body: Object, live: Object) -> None:
    """Raises NotReady if the object is not ready right now."""
    if manifest.annotation(body, manifest.SKIP_AWAIT) == "true":
        return
    # The endpoints are taken as they are: a refresh does not wait for them to settle.
    found = Check(cluster, settle_seconds=0).problems(live)
    if found:
        name = live["metadata"]["name"]
        raise NotReady(f'Resource "{name}" was created but failed to initialize', live, found)


def await_deleted(
    context: Context[Any], urn: str, cluster: Cluster, reference: Reference, body: Object, limit: float
) -> None:
    """Waits until the object is gone.

    Args:
        limit: in seconds.

    Raises:
        NotDeleted: it is still there, after the limit or when the user cancelled.
        Unreachable, ApiError: the API server did not say.
    """
    if manifest.annotation(body, manifest.SKIP_AWAIT) == "true" and reference.kind not in _ALWAYS_AWAITED:
        return
    uid = (body.get("metadata") or {}).get("uid")
    deadline = time.monotonic() + limit
    while live := cluster.find(reference):
        if uid and live["metadata"]["uid"] != uid:
            return  # somebody made a new one of that name
        if time.monotonic() >= deadline:
            finalizers = ", ".join(live["metadata"].get("finalizers") or [])
            context.log(Severity.WARNING, f"finalizers might be preventing deletion ({finalizers})", urn)
            raise NotDeleted("timed out waiting for the condition")
        if context.cancelled.wait(POLL_SECONDS):
            raise NotDeleted(f'Resource operation was cancelled for "{reference.name}"')


def _unmet(annotation: str, live: Object) -> list[str]:
    """Returns the unmet conditions of pulumi.com/waitFor (`jsonpath=…`, `condition=…`, or a JSON list of them)."""
    wanted = json.loads(annotation) if annotation.lstrip().startswith("[") else [annotation]
    return [f"Waiting for {one}" for one in wanted if not _holds(one, live)]


def _holds(wanted: str, live: Object) -> bool:
    kind, _, rest = wanted.partition("=")
    path, _, value = rest.partition("=")
    if kind == "condition":
        conditions = (live.get("status") or {}).get("conditions") or []
        found = next((one["status"] for one in conditions if one["type"].lower() == path.lower()), None)
        return found is not None and found.lower() == (value or "true").lower()
    seen: Any = live
    for part in parse(path.strip("{}").lstrip(".").replace("'", '"')):
        try:
            seen = seen[part]
        except (KeyError, IndexError, TypeError):
            return False
    if isinstance(seen, bool):
        seen = str(seen).lower()
    return seen is not None and (not value or str(seen) == value)
