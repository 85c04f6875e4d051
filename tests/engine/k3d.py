"""Plays k3d: a program of that name, and behind it this process, whose clusters are real control planes of one node."""

import logging
import sys
import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Self

from sandbox.clusters.authorities import Authorities
from sandbox.clusters.kubeconfig import kubeconfig
from sandbox.controllers.cluster import Access, Cluster
from sandbox.controllers.informer import Informer
from sandbox.controllers.objects import SERVICES, Object, key_of
from sandbox.files import write_private
from tests.sandbox.clusters.account import Account

DAY = 24 * 60 * 60
_PROGRAM = """\
#!{python}
import sys
from multiprocessing.connection import Client

with Client({address!r}, authkey={key!r}) as server:
    server.send(sys.argv[1:])
    status, out, err = server.recv()
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(status)
"""
_KEY = b"k3d"

Answer = tuple[int, str, str]
"""Exit status, output and error output."""


class ServiceLoadBalancer:
    """Gives each Service of type LoadBalancer the node's address, as the controller in k3s does."""

    def __init__(self, access: Access, address: str) -> None:
        self._cluster = Cluster(access)
        self._address = address
        self._stopping = threading.Event()
        informer = Informer(self._cluster, SERVICES, self._changed, logging.getLogger("k3s"))
        self._thread = threading.Thread(target=informer.run, args=[self._stopping], daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it once the API server, which its watch waits for, has ended."""
        self._stopping.set()
        self._thread.join()
        self._cluster.close()

    def _changed(self, old: Object | None, service: Object | None) -> None:
        if service and service["spec"]["type"] == "LoadBalancer" and not service["status"]["loadBalancer"]:
            namespace, name = key_of(service).split("/")
            status = {"loadBalancer": {"ingress": [{"ip": self._address}]}}
            self._cluster.patch_if_there(f"/api/v1/namespaces/{namespace}/services/{name}/status", {"status": status})


class K3s:
    """A running cluster.

    Args:
        folder: for its files.
        api_port: port of its API server on 127.0.0.1.
    """

    def __init__(self, folder: Path, api_port: int) -> None:
        self._account = Account(folder, addons=[], cni="")
        self._account.folder.mkdir(exist_ok=True)
        write_private(self._account.folder / "ports.json", f'{{"api-server": {api_port}}}')
        self._account.start()
        self.api_port = self._account.planes.port(self._account.id)
        self._account.scale(1)
        (node,) = self._account.instances()
        pki = self._account.folder / "pki"
        self._authorities = Authorities(pki)
        self._balancer = ServiceLoadBalancer(Access(self.api_port, pki), node["public-ip"])

    def kubeconfig(self, name: str) -> str:
        """The administrator's, with k3d's names of its entries."""
        pair = self._authorities.client(f"admin@k3d-{name}", ["system:masters"], DAY)
        server, authority = f"https://127.0.0.1:{self.api_port}", self._authorities.certificate("control-plane")
        return kubeconfig(server, authority, f"k3d-{name}", f"admin@k3d-{name}", pair)

    def delete(self) -> None:
        """Stops it for good."""
        self._account.close()
        self._balancer.stop()


@dataclass
class K3d:
    """The program `k3d`, as long as the block runs.

    Args:
        folder: to put on PATH; also for the files of the clusters.

    Attributes:
        calls: the arguments of each call so far.
        clusters: those that run, by name.
    """

    folder: Path
    calls: list[list[str]] = field(default_factory=list)
    clusters: dict[str, K3s] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._listener = Listener(("127.0.0.1", 0), authkey=_KEY)
        program = self.folder / "k3d"
        program.write_text(_PROGRAM.format(python=sys.executable, address=self._listener.address, key=_KEY))
        program.chmod(0o755)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with Client(self._listener.address, authkey=_KEY) as last:
            last.send(None)
        self._thread.join()
        self._listener.close()
        for cluster in self.clusters.values():
            cluster.delete()

    def _serve(self) -> None:
        while True:
            with self._listener.accept() as caller:
                arguments = caller.recv()
                if arguments is None:
                    return
                caller.send(self._answer(arguments))

    def _answer(self, arguments: list[str]) -> Answer:
        self.calls.append(arguments)
        match arguments:
            case ["cluster", "create", name, *_] if name in self.clusters:
                return 1, "", f"Failed to create cluster '{name}' because a cluster with that name already exists\n"
            case ["cluster", "create", name, *options]:
                port = options[options.index("--api-port") + 1].rpartition(":")[2]
                self.clusters[name] = K3s(self._home(name), int(port))
                return 0, f"Cluster '{name}' created successfully!\n", ""
            case ["kubeconfig", "get", name] if name in self.clusters:
                return 0, self.clusters[name].kubeconfig(name), ""
            case ["cluster", "delete", name] if name in self.clusters:
                self.clusters.pop(name).delete()
                return 0, f"Successfully deleted cluster {name}!\n", ""
        return 1, "", f"k3d stand-in: cannot do {arguments}\n"

    def _home(self, name: str) -> Path:
        home = self.folder / f"{name}-{len(self.calls)}"
        home.mkdir()
        return home
