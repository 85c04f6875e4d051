"""Keeps a copy of the objects of one cluster that decide where its traffic goes, from the first time anybody asks."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence

from sandbox.controllers.cluster import Access, Away, Cluster, Refused
from sandbox.controllers.gate import Gate, Killed
from sandbox.controllers.informer import Informer
from sandbox.controllers.objects import PODS, SERVICES, Object, key_of
from sandbox.traffic.snapshot import (
    GATEWAY_API,
    GATEWAY_KINDS,
    INGRESS_CLASSES,
    INGRESSES,
    SLICES,
    TLS_SECRETS,
    Rules,
    Snapshot,
)

SYNC_SECONDS = 10.0
_NODES = (SERVICES, SLICES)
_CONTROLLERS = (PODS, INGRESSES, INGRESS_CLASSES, TLS_SECRETS)
_GATEWAYS = tuple(f"{GATEWAY_API}/{kind}" for kind in GATEWAY_KINDS)


class Observer:
    """Watches in threads of its own. While the API server is dead, it keeps what it saw last, as nodes do.

    Args:
        access: returns the access to the cluster.
        name: the cluster's id, for the log.
    """

    def __init__(self, access: Callable[[], Access], name: str) -> None:
        self._access = access
        self._log = logging.getLogger(f"sandbox.traffic.{name}")
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._gate = Gate()
        self._cluster: Cluster | None = None
        self._informers: dict[str, Informer] = {}

    def rules(self) -> Rules | None:
        """Returns what the nodes follow, at once; None until it has been seen."""
        services, slices = self._watch(_NODES)
        seen = services.synced.is_set() and slices.synced.is_set()
        return Rules(_by_key(services), slices.objects()) if seen and not self._stopping.is_set() else None

    def snapshot(self, seconds: float = SYNC_SECONDS) -> Snapshot | None:
        """Waits until everything has been seen and returns it; None if that takes too long."""
        gateways = _GATEWAYS if self._has_gateways() else ()
        informers = self._watch((*_NODES, *_CONTROLLERS, *gateways))
        deadline = time.monotonic() + seconds
        seen = all(one.synced.wait(max(0.0, deadline - time.monotonic())) for one in informers)
        if not seen or self._stopping.is_set():  # the end of a watch looks like a sync
            return None
        services, slices, pods, ingresses, classes, secrets, *gateway = informers
        return Snapshot(
            _by_key(services),
            slices.objects(),
            _by_key(pods),
            ingresses.objects(),
            _by_key(classes),
            _by_key(secrets),
            _by_key(gateway[0]) if gateway else {},
            *(one.objects() for one in gateway[1:]),
        )

    def stop(self) -> None:
        """Ends the watches; safe to call twice, and if there are none."""
        with self._lock:
            self._stopping.set()
            self._gate.shut()
            if self._cluster:
                self._cluster.close()

    def _has_gateways(self) -> bool:
        """Whether the cluster has the Gateway API's kinds, which are no part of Kubernetes; once seen, they stay."""
        with self._lock:
            if _GATEWAYS[0] in self._informers:
                return True
            cluster = self._client()
        try:
            offered = cluster.get(GATEWAY_API) or {}
        except (Refused, *Away):
            return False
        return set(GATEWAY_KINDS) <= {one["name"] for one in offered.get("resources") or []}

    def _client(self) -> Cluster:
        self._cluster = self._cluster or Cluster(self._access(), self._gate)
        return self._cluster

    def _watch(self, paths: Sequence[str]) -> list[Informer]:
        with self._lock:
            for path in paths:
                if path not in self._informers:
                    self._informers[path] = self._started(path)
            return [self._informers[path] for path in paths]

    def _started(self, path: str) -> Informer:
        informer = Informer(self._client(), path, lambda old, new: None, self._log)

        def run() -> None:
            with contextlib.suppress(Killed):
                informer.run(self._stopping)

        threading.Thread(target=run, name=f"{self._log.name}.{path}", daemon=True).start()
        return informer


def _by_key(informer: Informer) -> dict[str, Object]:
    return {key_of(one): one for one in informer.objects()}
