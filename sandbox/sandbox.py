"""The whole simulated Exoscale of one folder, as a context manager for tests and the daemon."""

import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from sandbox import home as homes
from sandbox import ports
from sandbox.api import families
from sandbox.api.organization import find_key, new_key
from sandbox.api.server import ApiServer
from sandbox.ccm import CloudControllerManager
from sandbox.clock import FAST, Clock
from sandbox.cloud import Cloud, Rules
from sandbox.clusters.control_planes import KwokControlPlanes
from sandbox.clusters.kwok import StartFailed
from sandbox.controllers.cluster import Access
from sandbox.controllers.settings import Settings
from sandbox.csi import StorageController
from sandbox.environment import write_ca_bundle
from sandbox.proxy import Authority, ProxyServer
from sandbox.proxy.place import kept
from sandbox.reaper import Reaper
from sandbox.store import Document, Store
from sandbox.traffic.listeners import Listeners
from sandbox.traffic.way import Ways

KEY_NAME = "sandbox"
Say = Callable[[str], None]

_LOCK_SECONDS = 30


class Sandbox:
    """Runs from `with` (or `start`) until its end (or `stop`); its content survives in its folder.

    Args:
        home: its folder, created if it is missing; for one sandbox at a time.
        pace: factor of the real durations, see `sandbox.clock.PACES`.
        rules: the assumed refusals; all on by default.
        say: called with progress while it starts.
    """

    def __init__(
        self, home: Path, pace: float = FAST, rules: Rules | None = None, say: Say = lambda line: None
    ) -> None:
        self.home = home.resolve()
        self.pace = pace
        self._rules = rules or Rules()
        self._say = say
        self._undo = ExitStack()

    cloud: Cloud
    """Its content, for tests that look behind the API."""
    control_planes: KwokControlPlanes
    """The Kubernetes side of its clusters."""
    record: homes.Record
    """Its addresses and credentials."""

    @property
    def url(self) -> str:
        """Root of the API, without `/v2`."""
        return self.record.url

    @property
    def proxy_url(self) -> str:
        """The CONNECT proxy."""
        return self.record.proxy_url

    @property
    def key(self) -> str:
        """The user's API key."""
        return self.record.key

    @property
    def secret(self) -> str:
        """The secret of that key."""
        return self.record.secret

    @property
    def token(self) -> str:
        """The token for the admin API."""
        return self.record.token

    @property
    def ca_bundle(self) -> Path:
        """File with the sandbox's authority and those that this machine trusts."""
        return Path(self.record.ca_bundle)

    def environment(self) -> dict[str, str]:
        """Returns the variables for unmodified clients."""
        return self.record.environment()

    def start(self) -> None:
        """Starts everything; returns when API, proxy and the clusters' API servers answer.

        A cluster that cannot be restarted is reported through `say` and stays down; the rest runs.

        Raises:
            sandbox.home.AlreadyRunning: another sandbox has this folder.
            sandbox.home.SandboxError: the folder's path has a space.
            sandbox.proxy.place.Taken: another program has the port that its clusters' kubeconfigs name.
        """
        if homes.has_space(self.home):
            raise homes.SandboxError(
                f'the sandbox\'s folder is "{self.home}", and kwokctl takes no space: name another in SANDBOX_HOME'
            )
        with ExitStack() as undo:
            lock = self._lock()
            undo.callback(lock.close)
            undo.enter_context(Reaper(self.home, lock))
            cloud = self.cloud = self._open_cloud()
            undo.callback(cloud.store.close)
            place = kept(self.home, named=bool(cloud.store.list("sks-cluster")))
            token, authority = secrets.token_hex(16), Authority(self.home)
            # The same as last time, if it is free: shells have it in a variable.
            port = ports.kept(self.home / "ports.json", ("api",))["api"]
            ways = Ways(cloud, lambda id_: control_planes.observer(id_))
            cloud.traffic = listeners = Listeners(cloud, ways, self.home / "traffic.json")
            proxy = ProxyServer(
                authority,
                port,
                lambda id_: control_planes.port(id_),
                place.port,
                place.address,
                balancer_port=listeners.local_port,
            )
            control_planes = self._make_control_planes(cloud, proxy.url)
            cloud.control_planes = self.control_planes = control_planes
            # Stopped in reverse order: the controllers end while the API still answers them, and what an operation
            # started meanwhile ends last.
            undo.callback(control_planes.stop_all)
            proxy.start()
            undo.callback(proxy.stop)
            undo.callback(cloud.operations.join)
            api = undo.enter_context(ApiServer(cloud, token, port))
            undo.callback(control_planes.stop_all)
            bundle = self.home / "ca-bundle.pem"
            write_ca_bundle(bundle, authority.certificate_file)
            self.record = self._record(api.url, proxy.url, token, bundle)
            self._start_clusters()
            listeners.start()
            undo.callback(listeners.stop)
            self.record.write(self.home)
            undo.callback(homes.forget, self.home)
            self._undo = undo.pop_all()

    def stop(self) -> None:
        """Ends everything in order; safe to call twice. The cloud's content stays in the folder."""
        self._undo.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _make_control_planes(self, cloud: Cloud, proxy_url: str) -> KwokControlPlanes:
        """Makes the clusters' Kubernetes side; a test may replace it."""
        return KwokControlPlanes(cloud, self.home, proxy_url, self._ccm, self._csi)

    def _lock(self) -> homes.Lock:
        lock = homes.Lock(self.home)
        # After a crash the reaper may still be at work.
        if homes.running(self.home) or not lock.acquire(_LOCK_SECONDS):
            lock.close()
            raise homes.AlreadyRunning(f"another sandbox runs in {self.home}: stop it first, or choose another folder")
        lock.sign()
        return lock

    def _open_cloud(self) -> Cloud:
        families.load()
        file = self.home / "cloud.sqlite"
        file.touch(mode=0o600)  # SQLite gives its other files the same mode
        cloud = Cloud(Store(file), Clock(self.pace), rules=self._rules)
        if find_key(cloud.of(cloud.store.default_organization), KEY_NAME) is None:
            new_key(cloud, KEY_NAME)
        return cloud

    def _record(self, url: str, proxy_url: str, token: str, bundle: Path) -> homes.Record:
        key = self._key(self.cloud.store.default_organization, KEY_NAME)
        return homes.Record(
            pid=os.getpid(),
            started=homes.start_time(os.getpid()) or "",
            pace=self.pace,
            url=url,
            proxy_url=proxy_url,
            token=token,
            key=key["key"],
            secret=key["_secret"],
            ca_bundle=str(bundle),
        )

    def _key(self, organization: str, name: str) -> Document:
        key = find_key(self.cloud.of(organization), name)
        if key is None:
            raise LookupError(f"no API key has the name {name}")
        return key

    def _start_clusters(self) -> None:
        clusters = len(self.cloud.store.list("sks-cluster"))
        if clusters:
            self._say(f"starting {clusters} control plane{'s' if clusters > 1 else ''}")
        try:
            self.control_planes.start_all()
        except StartFailed as failed:
            self._say(f"a control plane stays down: {failed}")
        with self.cloud.lock:
            self.cloud.operations.resume()

    def _ccm(self, cluster: Document, access: Access) -> CloudControllerManager:
        return CloudControllerManager(self._controller("ccm", cluster, access))

    def _csi(self, cluster: Document, access: Access) -> StorageController:
        return StorageController(self._controller("csi", cluster, access))

    def _controller(self, part: str, cluster: Document, access: Access) -> Settings:
        name = f"sks-{part}-{cluster['id']}"
        key = self._key(cluster["_organization"], name)
        return Settings(
            access=access,
            url=self.url,
            key=key["key"],
            secret=key["_secret"],
            zone=cluster["_zone"],
            name=cluster["id"],
            poll_seconds=3 * self.pace,
            backoff_seconds=self.pace,
            pace=self.pace,
        )
