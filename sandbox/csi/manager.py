"""The storage controller of one cluster: threads that can be stopped, killed and revived."""

import logging
from collections.abc import Callable

from sandbox.controllers.informer import Informer
from sandbox.controllers.mortal import Life, Mortal
from sandbox.controllers.objects import ATTACHMENTS, CLAIMS, NODES, PODS, VOLUMES, Object, key_of
from sandbox.controllers.settings import Settings
from sandbox.csi import attacher, pods
from sandbox.csi.driver import Driver
from sandbox.csi.kubelets import NodesLife
from sandbox.csi.provisioner import Provisioner
from sandbox.csi.workers import Worker

THREADS = 3  # per sidecar, while the real ones have 10 or 100: a StatefulSet's claims are served in parallel


class StorageController(Mortal):
    """Talks to the cloud over HTTP with its own key, and to the cluster as its administrator.

    Its pods run on the cluster's nodes: without a Ready node it does nothing. The nodes' kubelets, and the driver's
    part on each node, run as long as the addon is there: a kill only ends the part that calls the cloud. The pace in
    its settings applies to retries, 1 s to 300 s.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(lambda: _Life(settings))
        self._kubelets = Mortal(lambda: NodesLife(settings))

    def start(self) -> None:
        """Starts both, unless they are running."""
        self._kubelets.start()
        super().start()

    def stop(self) -> None:
        """Ends both in order."""
        super().stop()
        self._kubelets.stop()


class _Life(Life):
    def __init__(self, settings: Settings) -> None:
        log = logging.getLogger(f"sandbox.csi.{settings.name}")
        super().__init__(settings, log)
        cluster, pace = self._cluster, settings.pace
        driver = Driver(self._cloud, settings.zone)
        claims = Informer(cluster, CLAIMS, self._claim_changed, log)
        volumes = Informer(cluster, VOLUMES, self._volume_changed, log)
        attachments = Informer(cluster, ATTACHMENTS, self._attachment_changed, log)
        all_pods = Informer(cluster, PODS, self._pods_changed, log)
        nodes = Informer(cluster, NODES, self._pods_changed, log)
        informers = {"claims": claims, "volumes": volumes, "attachments": attachments}
        informers |= {"pods": all_pods, "nodes": nodes}
        self._pods = pods.Pods(all_pods, nodes)
        provisioner = Provisioner(cluster, driver, claims, volumes, attachments)
        attach = attacher.Attacher(cluster, driver, volumes, attachments)

        def worker(name: str, sync: Callable[[str], None]) -> Worker:
            return Worker(name, sync, self._pods.await_controller, pace, log)

        self._provision = worker("claim", provisioner.sync_claim)
        self._delete = worker("volume", provisioner.sync_volume)
        self._attach = worker("attachment", attach.sync_attachment)
        self._let_go = worker("attached volume", attach.sync_volume)
        self._workers = [self._provision, self._delete, self._attach, self._let_go]
        served = [self._provision, self._delete, self._attach] * THREADS + [self._let_go]
        for each in served:
            self._work("work", each.serve, informers.values())
        for name, informer in informers.items():
            self._watch(f"watch-{name}", informer.run)

    def _wake(self) -> None:
        self._pods.close()
        for each in self._workers:
            each.close()

    def _claim_changed(self, _old: Object | None, new: Object | None) -> None:
        if new is not None:
            self._provision.add(key_of(new))

    def _volume_changed(self, _old: Object | None, new: Object | None) -> None:
        if new is not None:
            self._delete.add(key_of(new))
            self._let_go.add(key_of(new))

    def _attachment_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and attacher.is_news(old, new):
            self._attach.add(key_of(new))
        elif new is None and old is not None:
            name = attacher.volume_name(old)
            self._delete.add(name)
            self._let_go.add(name)

    def _pods_changed(self, _old: Object | None, _new: Object | None) -> None:
        self._pods.changed()
