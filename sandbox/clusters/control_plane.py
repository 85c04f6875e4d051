"""One SKS cluster's control plane: its processes, and a thread that keeps the cluster's content up to date."""

import logging
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

from sandbox.cert_manager.controller import CertManager
from sandbox.cloud import Cloud
from sandbox.clusters import nodes, system
from sandbox.clusters.addons import ADDONS, Controller, Factory
from sandbox.clusters.authorities import Authorities
from sandbox.clusters.konnectivity import Konnectivity
from sandbox.clusters.kubeconfig import kubeconfig
from sandbox.clusters.kwok import KUBELET_PORT, Ended, Kwok, StartFailed, Tools
from sandbox.clusters.metrics_server import MetricsServer
from sandbox.clusters.processes import end_processes
from sandbox.controllers.cluster import Access, Away, Cluster, Refused
from sandbox.controllers.periodic import Periodic
from sandbox.files import write_private
from sandbox.longhorn.controller import Longhorn
from sandbox.store import Document
from sandbox.traffic.observer import Observer

READY_POLL_SECONDS = 0.05
READY_SECONDS = 60
START_ATTEMPTS = 3
# Pauses of the thread: while a node or the API server changes, after an error, and if all is up to date.
SOON_SECONDS = 0.2
RETRY_SECONDS = 2
RESYNC_SECONDS = 10
SILENCE_SECONDS = 40  # after this Kubernetes marks a silent node; below pace 1 the sandbox does so sooner


class ControlPlane:
    """All running parts of one cluster.

    Args:
        cloud: cloud whose store has the cluster's nodepools, instances and addons.
        cluster: its document.
        folder: folder for its files.
        tools: returns the path of a binary by name.
        controllers: makers of its addons' controllers, by name; it has no others, whatever its addons are.
    """

    def __init__(
        self,
        cloud: Cloud,
        cluster: Document,
        folder: Path,
        tools: Tools,
        controllers: Mapping[str, Factory],
    ) -> None:
        self.cluster = cluster
        self.folder = folder
        self.authorities = Authorities(folder / "pki")
        self._cloud = cloud
        self._tools = tools
        self._kwok = Kwok(folder, tools)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self.observer = Observer(self._access, cluster["id"])
        self._controllers = {name: Controller(make, cluster, self._access) for name, make in controllers.items()}
        self._log = logging.getLogger(f"sandbox.clusters.{cluster['id']}")

    @property
    def host(self) -> str:
        """The public name of the API server (docs/exoscale.md, Clusters)."""
        return f"{self.cluster['id']}.sks-{self.cluster['_zone']}.exo.io"

    @property
    def server(self) -> str:
        """The public address of the API server."""
        return f"https://{self.host}:443"

    @property
    def port(self) -> int:
        """The API server's port on 127.0.0.1."""
        return self._kwok.ports["api-server"]

    @property
    def admin_kubeconfig(self) -> Path:
        """An administrator's kubeconfig on loopback (0600), to look into the cluster from this machine."""
        return self.folder / "admin.kubeconfig"

    def start(self) -> None:
        """Starts it with the data in its folder; returns when the API server is ready. The rest follows by itself.

        Raises:
            StartFailed: it did not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # kwokctl's own files, a kubeconfig among them, are readable to the group
        self.authorities.create(self.cluster["id"], self.host)
        self._konnectivity = Konnectivity(self.folder / "pki")
        self._konnectivity.start()
        try:
            self._start_processes()
        except BaseException:
            end_processes(self.folder, grace_seconds=0)
            self._konnectivity.stop()
            raise
        self._api = Cluster(self._access())
        address = f"{system.METRICS_ADDRESS}:443"
        self._metrics = MetricsServer(self.folder, self._tools, self._konnectivity, address)
        self._metrics_offered: bool | None = None
        kinds = (CertManager, Longhorn)
        self._periodic = Periodic(self._access(), kinds, self.cluster["id"])
        self._periodic.start()
        self._thread = threading.Thread(target=self._run, name=f"cluster-{self.cluster['id']}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends its processes and its thread; the data stays."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        for controller in self._controllers.values():
            controller.stop()
        self._periodic.stop()
        self._metrics.stop()
        self.observer.stop()
        self._kwok.stop()
        self._api.close()
        self._konnectivity.stop()

    def delete(self) -> None:
        """Stops it and removes its data."""
        self.stop()
        shutil.rmtree(self.folder)

    def sync(self) -> None:
        """Makes the thread look at the cloud again."""
        self._wake.set()

    def kill(self, part: str) -> None:
        """Kills `api-server` or a controller by its name."""
        if part == "api-server":
            self._kwok.kill("kube-apiserver")
            return
        if part in self._controllers:
            self._controllers[part].kill()

    def revive(self, part: str) -> None:
        """Restarts a killed part; returns when it is ready."""
        if part == "api-server":
            self._kwok.revive()
            self._await_ready()
            return
        if part in self._controllers:
            self._controllers[part].revive()
        self._wake.set()

    def _start_processes(self) -> None:
        for attempt in range(START_ATTEMPTS):
            try:
                self._kwok.start(self._konnectivity.secure_port)
                self._konnectivity.route(f":{KUBELET_PORT}", self._kwok.ports["kwok"])
                self._write_admin_kubeconfig()
                self._await_ready()
            except Ended as ended:
                if attempt == START_ATTEMPTS - 1:
                    raise
                self._log.warning("starting it again on other ports: %s", ended)
            else:
                return

    def _access(self) -> Access:
        return Access(self.port, self.folder / "pki")

    def _write_admin_kubeconfig(self) -> None:
        server = f"https://127.0.0.1:{self.port}"
        authority = self.authorities.certificate("control-plane")
        pair = self.authorities.pair("admin")
        write_private(self.admin_kubeconfig, kubeconfig(server, authority, self.cluster["id"], "sandbox", pair))

    def _await_ready(self) -> None:
        probe = Cluster(self._access())
        try:
            for _ in range(int(READY_SECONDS / READY_POLL_SECONDS)):
                if probe.ready() and self._kwok.serves():
                    return
                self._stopping.wait(READY_POLL_SECONDS)
        finally:
            probe.close()
        raise StartFailed(f"the control plane of {self.cluster['id']} is not ready after {READY_SECONDS} s")

    def _run(self) -> None:
        furnished: list[str] | None = None  # the addons whose objects exist
        node_objects = nodes.Nodes(self._api)
        while True:
            self._wake.clear()  # before the check, so that no stop is missed
            if self._stopping.is_set():
                return
            try:
                cluster = self._cloud.store.get("sks-cluster", self.cluster["id"]) or self.cluster
                addons = cluster.get("addons") or []
                if addons != furnished:
                    system.apply(self._api, cluster, self.server, self.authorities.certificate("control-plane"))
                    furnished = addons
                pause = self._keep_in_step(node_objects, addons)
            except (Refused, *Away) as error:
                # The API server is down, or its namespaces do not exist yet: try again.
                self._log.debug("cluster not in step: %s", error)
                pause = SOON_SECONDS
            except Exception:  # a bug must not silence the cluster for ever
                self._log.exception("cluster not in step")
                pause = RETRY_SECONDS
            self._wake.wait(pause)

    def _keep_in_step(self, node_objects: nodes.Nodes, addons: list[str]) -> float:
        wanted = nodes.machines(self._cloud, self.cluster["id"])
        pace = self._cloud.clock.pace
        unsettled = node_objects.reconcile(wanted, SILENCE_SECONDS * pace if pace < 1 else None)
        for name, controller in self._controllers.items():
            controller.keep(ADDONS[name] in addons)
        if system.METRICS_ADDON in addons and (serves := self._metrics.ensure()) != self._metrics_offered:
            system.offer_metrics(self._api, serves)
            self._metrics_offered = serves
        return SOON_SECONDS if unsettled else RESYNC_SECONDS
