"""The control planes of all SKS clusters of one cloud; implements `sandbox.cloud.ControlPlanes`."""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sandbox.cloud import Cloud
from sandbox.clusters.addons import Factory
from sandbox.clusters.control_plane import ControlPlane
from sandbox.clusters.kubeconfig import kubeconfig
from sandbox.clusters.kwok import Tools
from sandbox.clusters.processes import end_processes
from sandbox.store import Document
from sandbox.traffic.observer import Observer
from tools import path_of

T = TypeVar("T")


class KwokControlPlanes:
    """Runs a real control plane per cluster in `<home>/clusters/<cluster id>`.

    Starting and stopping take seconds and wait for the cluster's controllers, so call neither with `cloud.lock` held.

    Args:
        cloud: the cloud of these clusters, nodepools and instances.
        home: `$SANDBOX_HOME`.
        proxy_url: URL of the sandbox's CONNECT proxy for kubeconfigs; None: they point at 127.0.0.1.
        ccm, csi: make a cluster's cloud controller manager, and its storage controller, from its document and
            access; None: no cluster has one, whatever its addons are.
        tools: returns the path of a binary by name.
    """

    def __init__(
        self,
        cloud: Cloud,
        home: Path,
        proxy_url: str | None = None,
        ccm: Factory | None = None,
        csi: Factory | None = None,
        tools: Tools = path_of,
    ) -> None:
        self._cloud = cloud
        self._folder = home.resolve() / "clusters"
        self._proxy_url = proxy_url
        self._controllers = {name: make for name, make in (("ccm", ccm), ("csi", csi)) if make}
        self._tools = tools
        self._running: dict[str, ControlPlane] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def create(self, cluster: Document) -> None:
        """Starts the cluster's control plane unless it is running, with its data if there is any; returns when its API
        server is ready. Nodes and system pods follow soon.

        Raises:
            sandbox.clusters.kwok.StartFailed: it did not come up; the message says why.
        """
        id_ = cluster["id"]
        with self._lock_of(id_):
            if id_ in self._running:
                return
            plane = ControlPlane(self._cloud, cluster, self._folder / id_, self._tools, self._controllers)
            plane.start()
            self._running[id_] = plane

    def delete(self, cluster_id: str) -> None:
        """Stops the control plane and deletes its data; does nothing if there is none."""
        with self._lock_of(cluster_id):
            plane = self._running.pop(cluster_id, None)
            if plane:
                plane.delete()
            else:
                self._remove(self._folder / cluster_id)

    def start_all(self) -> None:
        """Starts every cluster that ran when the sandbox stopped or died, and deletes data that belongs to none.

        Raises:
            sandbox.clusters.kwok.StartFailed: one of them did not come up; the others did.
        """
        clusters = {cluster["id"]: cluster for cluster in self._cloud.store.list("sks-cluster")}
        folders = [folder for folder in sorted(self._folder.glob("*")) if folder.is_dir()]
        for folder in folders:
            if folder.name not in clusters:
                self._remove(folder)
        self._in_parallel(self.create, [clusters[folder.name] for folder in folders if folder.name in clusters])

    def stop_all(self) -> None:
        """Stops every cluster; their data stays."""
        self._in_parallel(self._stop, list(self._running))

    def authority(self, cluster_id: str, name: str) -> str:
        """Returns the `control-plane`, `aggregation` or `kubelet` CA certificate as PEM."""
        return self._plane(cluster_id).authorities.certificate(name)

    def kubeconfig(self, cluster_id: str, user: str, groups: list[str], ttl_seconds: int) -> str:
        """Returns a kubeconfig, as YAML, with a new client certificate: CN is the user, O the groups."""
        plane = self._plane(cluster_id)
        return kubeconfig(
            plane.server if self._proxy_url else f"https://127.0.0.1:{plane.port}",
            plane.authorities.certificate("control-plane"),
            cluster_id,
            user,
            plane.authorities.client(user, groups, ttl_seconds),
            self._proxy_url,
        )

    def admin_kubeconfig(self, cluster_id: str) -> Path:
        """Returns an administrator's kubeconfig (0600) for 127.0.0.1, to look into the cluster from this machine."""
        return self._plane(cluster_id).admin_kubeconfig

    def port(self, cluster_id: str) -> int:
        """Returns the port of the cluster's API server on 127.0.0.1.

        Raises:
            LookupError: the cluster has no running control plane.
        """
        return self._plane(cluster_id).port

    def observer(self, cluster_id: str) -> Observer | None:
        """Returns what sees where the cluster's traffic goes; None if it has no running control plane."""
        plane = self._running.get(cluster_id)
        return plane.observer if plane else None

    def sync(self, cluster_id: str) -> None:
        """Tells the cluster that its nodepools, instances or addons changed; returns at once."""
        plane = self._running.get(cluster_id)
        if plane:
            plane.sync()

    def kill(self, cluster_id: str, part: str) -> None:
        """Kills `ccm`, `csi` or `api-server` at once; it stays dead until revived or a restart of the sandbox."""
        self._plane(cluster_id).kill(part)

    def revive(self, cluster_id: str, part: str) -> None:
        """Restarts a killed part."""
        self._plane(cluster_id).revive(part)

    def _plane(self, cluster_id: str) -> ControlPlane:
        plane = self._running.get(cluster_id)
        if plane is None:
            raise LookupError(f"SKS cluster {cluster_id} has no running control plane")
        return plane

    def _stop(self, cluster_id: str) -> None:
        with self._lock_of(cluster_id):
            plane = self._running.pop(cluster_id, None)
            if plane:
                plane.stop()

    def _remove(self, folder: Path) -> None:
        end_processes(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def _lock_of(self, cluster_id: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(cluster_id, threading.Lock())

    @staticmethod
    def _in_parallel(work: Callable[[T], None], items: list[T]) -> None:
        """Runs all of them, then raises the first error."""
        if items:
            with ThreadPoolExecutor(len(items)) as pool:
                for outcome in [pool.submit(work, item) for item in items]:
                    outcome.result()
