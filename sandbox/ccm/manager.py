"""The cloud controller manager of one cluster: threads that can be stopped, killed and revived."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.ccm.cluster import Cluster, Object
from sandbox.ccm.exoscale import Exoscale, ExoscaleError
from sandbox.ccm.gate import Gate, Killed
from sandbox.ccm.informer import Informer
from sandbox.ccm.mortal import Mortal
from sandbox.ccm.nodes import NodeController
from sandbox.ccm.service_controller import ServiceController

RESTART_SECONDS = 5.0
STOP_SECONDS = 3.0


class CloudControllerManager(Mortal):
    """Talks to the cloud over HTTP with a key of its own, and to the cluster through the official client.

    Args:
        kubeconfig: of the cluster, with the rights of an administrator.
        api_url: root of the Exoscale API, e.g. `http://127.0.0.1:8080`.
        key, secret: of the CCM's API key; the API may refuse them later, and the manager lives on.
        zone: of the cluster.
        poll_seconds: between two looks at an operation; the real one waits 3 s.
        backoff_seconds: before the first retry of a call that failed; the real one waits 1 s.
        pace: how much of the other real waiting times it waits: failed syncs 5 s to 300 s, resync of Services
            30 s, look at silent nodes 5 s.
        name: for the log, e.g. the cluster's id.
    """

    def __init__(
        self,
        kubeconfig: Path,
        api_url: str,
        key: str,
        secret: str,
        zone: str,
        poll_seconds: float = 3.0,
        backoff_seconds: float = 1.0,
        pace: float = 1.0,
        name: str = "ccm",
    ) -> None:
        log = logging.getLogger(f"sandbox.ccm.{name}")

        def incarnation() -> _Process:
            gate = Gate()
            cloud = Exoscale(api_url, key, secret, zone, poll_seconds, backoff_seconds, gate)
            return _Process(kubeconfig, cloud, gate, zone, pace, log)

        super().__init__(incarnation)


class _Process:
    """One life of it: a thread per loop, and one that starts them and clears up after them."""

    def __init__(
        self, kubeconfig: Path, cloud: Exoscale, gate: Gate, zone: str, pace: float, log: logging.Logger
    ) -> None:
        self._cloud = cloud
        self._gate = gate
        self._pace = pace
        self._log = log
        self._stopping = threading.Event()
        self._cluster = Cluster(kubeconfig, gate)
        self._nodes = Informer(self._cluster.nodes, self._node_changed, log)
        self._services = ServiceController(self._cluster, cloud, self._nodes.objects, pace, log)
        self._initialiser = NodeController(self._cluster, cloud, self._nodes.objects, zone, pace, log)
        self._main = self._thread("main", self._run)
        self._workers = [
            self._thread("services", self._after_sync(self._services.serve)),
            self._thread("balanced-nodes", self._after_sync(self._services.serve_nodes)),
            self._thread("new-nodes", self._after_sync(self._initialiser.serve)),
        ]
        self._loops = [
            self._thread("watch-services", lambda: self._services.services.run(self._stopping)),
            self._thread("watch-nodes", lambda: self._nodes.run(self._stopping)),
            self._thread("resync", lambda: self._services.resync(self._stopping)),
            self._thread("silent-nodes", lambda: self._initialiser.monitor(self._stopping)),
        ]

    def start(self) -> None:
        self._main.start()

    def stop(self) -> None:
        self._close()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self._workers:
            if worker.is_alive():
                worker.join(max(0, deadline - time.monotonic()))
        self.kill()
        self._main.join(STOP_SECONDS)

    def kill(self) -> None:
        self._gate.shut()
        self._close()

    def _close(self) -> None:
        self._stopping.set()
        self._services.close()
        self._initialiser.close()

    def _run(self) -> None:
        threads = [*self._workers, *self._loops]
        try:
            self._switch_zone()
            if not self._stopping.is_set():
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
        finally:
            self._cluster.close()
            self._cloud.close()

    def _switch_zone(self) -> None:
        """The real one exits when its first call fails, and is started again."""
        while not self._stopping.is_set():
            try:
                self._cloud.switch_zone()
                return
            except ExoscaleError as error:
                self._log.error("%s", error)
                self._stopping.wait(RESTART_SECONDS * self._pace)

    def _after_sync(self, serve: Callable[[], None]) -> Callable[[], None]:
        def wait_and_serve() -> None:
            self._services.services.synced.wait()
            self._nodes.synced.wait()
            serve()

        return wait_and_serve

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        self._services.node_changed(old, new)
        self._initialiser.node_changed(old, new)

    def _thread(self, name: str, target: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                target()
            except Killed:
                self._log.debug("%s is dead", name)

        return threading.Thread(target=run, name=f"{self._log.name}.{name}", daemon=True)
