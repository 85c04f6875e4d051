"""The storage controller of one cluster: threads that can be stopped, killed and revived."""

import logging
from collections.abc import Callable

from sandbox.controllers.cluster import Access, Cluster
from sandbox.controllers.exoscale import Exoscale
from sandbox.controllers.gate import Gate
from sandbox.controllers.informer import Informer
from sandbox.controllers.mortal import Life, Mortal
from sandbox.controllers.objects import ATTACHMENTS, CLAIMS, NODES, PODS, VOLUMES, Object, key_of
from sandbox.csi import attacher, pods
from sandbox.csi.driver import Driver
from sandbox.csi.kubelets import Kubelets
from sandbox.csi.provisioner import Provisioner
from sandbox.csi.workers import Worker

THREADS = 3  # of each sidecar, which has 10 or 100: a StatefulSet's claims are served side by side


class StorageController(Mortal):
    """Talks to the cloud over HTTP with a key of its own, and to the cluster as its administrator.

    Its pods run on the cluster's nodes: without a node that is Ready it does nothing. It also plays what the nodes'
    kubelets do for volumes, which ends with it.

    Args:
        access: to the cluster.
        api_url: root of the Exoscale API, e.g. `http://127.0.0.1:8080`.
        key, secret: of its API key; the API may refuse them later, and the controller lives on.
        zone: of the cluster.
        poll_seconds: between two looks at an operation; the real one waits 3 s.
        backoff_seconds: before the first retry of a call that failed; the real one waits 1 s.
        pace: how much of the real time it waits before it tries again what failed, 1 s to 300 s.
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
        name: str = "csi",
    ) -> None:
        log = logging.getLogger(f"sandbox.csi.{name}")

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
        driver = Driver(cloud, zone)
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
        kubelets = Kubelets(cluster, nodes, all_pods, claims, volumes, zone)
        self._kubelets = Worker("node", kubelets.sync, lambda: True, pace, log)
        self._workers = [self._provision, self._delete, self._attach, self._let_go, self._kubelets]
        served = [self._provision, self._delete, self._attach] * THREADS + [self._let_go, self._kubelets]
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
        self._look_at_nodes()

    def _volume_changed(self, _old: Object | None, new: Object | None) -> None:
        if new is not None:
            self._delete.add(key_of(new))
            self._let_go.add(key_of(new))
        self._look_at_nodes()

    def _attachment_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and attacher.is_news(old, new):
            self._attach.add(key_of(new))
        elif new is None and old is not None:
            name = attacher.volume_name(old)
            self._delete.add(name)
            self._let_go.add(name)

    def _pods_changed(self, _old: Object | None, _new: Object | None) -> None:
        self._pods.changed()
        self._look_at_nodes()

    def _look_at_nodes(self) -> None:
        for node in self._pods.nodes_of(pods.NODE_DRIVER):
            self._kubelets.add(node)
