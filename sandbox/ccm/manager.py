"""The cloud controller manager of one cluster: threads that can be stopped, killed and revived."""

import logging

from sandbox.ccm.nodes import NodeController
from sandbox.ccm.service_controller import ServiceController
from sandbox.controllers.exoscale import ExoscaleError
from sandbox.controllers.informer import Informer
from sandbox.controllers.mortal import Life, Mortal
from sandbox.controllers.objects import NODES, Object
from sandbox.controllers.settings import Settings

RESTART_SECONDS = 5.0


class CloudControllerManager(Mortal):
    """Talks to the cloud over HTTP with its own key, and to the cluster as its administrator.

    The pace in its settings applies to retries of failed syncs (5 s to 300 s), the resync of Services (30 s) and the
    check of silent nodes (5 s).
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(lambda: _Life(settings))


class _Life(Life):
    def __init__(self, settings: Settings) -> None:
        log = logging.getLogger(f"sandbox.ccm.{settings.name}")
        super().__init__(settings, log)
        cluster, cloud, pace = self._cluster, self._cloud, settings.pace
        self._pace = pace
        nodes = Informer(cluster, NODES, self._node_changed, log)
        self._services = ServiceController(cluster, cloud, nodes.objects, pace, log)
        self._initialiser = NodeController(cluster, cloud, nodes.objects, settings.zone, pace, log)
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
        """Makes the first call; if it fails, the real CCM exits and is restarted."""
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
