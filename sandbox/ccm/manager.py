"""The cloud controller manager of one cluster: threads that can be stopped, killed and revived."""

import logging

from sandbox.ccm.nodes import NodeController
from sandbox.ccm.service_controller import ServiceController
from sandbox.controllers.cluster import Access, Cluster
from sandbox.controllers.exoscale import Exoscale, ExoscaleError
from sandbox.controllers.gate import Gate
from sandbox.controllers.informer import Informer
from sandbox.controllers.mortal import Life, Mortal
from sandbox.controllers.objects import NODES, Object

RESTART_SECONDS = 5.0


class CloudControllerManager(Mortal):
    """Talks to the cloud over HTTP with a key of its own, and to the cluster as its administrator.

    Args:
        access: to the cluster.
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
        access: Access,
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

        def incarnation() -> _Life:
            gate = Gate()
            cloud = Exoscale(api_url, key, secret, zone, poll_seconds, backoff_seconds, gate)
            return _Life(Cluster(access, gate), cloud, gate, zone, pace, log)

        super().__init__(incarnation)


class _Life(Life):
    def __init__(
        self, cluster: Cluster, cloud: Exoscale, gate: Gate, zone: str, pace: float, log: logging.Logger
    ) -> None:
        super().__init__(cluster, cloud, gate, log)
        self._cloud = cloud
        self._pace = pace
        nodes = Informer(cluster, NODES, self._node_changed, log)
        self._services = ServiceController(cluster, cloud, nodes.objects, pace, log)
        self._initialiser = NodeController(cluster, cloud, nodes.objects, zone, pace, log)
        informers = {"services": self._services.services, "nodes": nodes}
        self._work("services", self._services.serve, informers.values())
        self._work("balanced-nodes", self._services.serve_nodes, informers.values())
        self._work("new-nodes", self._initialiser.serve, informers.values())
        for name, informer in informers.items():
            self._watch(f"watch-{name}", informer.run)
        self._watch("resync", self._services.resync)
        self._watch("silent-nodes", self._initialiser.monitor)

    def _wake(self) -> None:
        self._services.close()
        self._initialiser.close()

    def _prepare(self) -> None:
        """The real one exits when its first call fails, and is started again."""
        while not self._stopping.is_set():
            try:
                self._cloud.switch_zone()
                return
            except ExoscaleError as error:
                self._log.error("%s", error)
                self._stopping.wait(RESTART_SECONDS * self._pace)

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        self._services.node_changed(old, new)
        self._initialiser.node_changed(old, new)
