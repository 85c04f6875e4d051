"""A cloud with one SKS cluster, as the API would have written it, and kubectl."""

import json
import os
import socket
import subprocess
import uuid
from pathlib import Path

from sandbox.api.catalogue import identity
from sandbox.cloud import Cloud
from sandbox.clusters import metrics_server, processes
from sandbox.clusters.authorities import Authorities
from sandbox.clusters.control_planes import KwokControlPlanes
from sandbox.clusters.konnectivity import Konnectivity
from sandbox.controllers.cluster import Access, Cluster
from sandbox.controllers.objects import NODES, Object
from sandbox.store import Document
from tests.sandbox.waiting import eventually
from tools import path_of

ZONE = "ch-gva-2"


class RecordedCcm:
    """A cloud controller manager that only notes what is done to it."""

    def __init__(self, cluster: Document, access: Access) -> None:
        self.cluster = cluster
        self.access = access
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def kill(self) -> None:
        self.calls.append("kill")

    def revive(self) -> None:
        self.calls.append("revive")


class Account:
    """The cloud's documents, its control planes, and kubectl.

    Args:
        home: stands for `$SANDBOX_HOME`.
        cluster: what differs from a cluster with Calico and metrics-server.
    """

    def __init__(self, home: Path, **cluster: object) -> None:
        self.home = home
        self.cloud = Cloud()
        self.ccms: list[RecordedCcm] = []
        self._apis: dict[int, Cluster] = {}
        self.cluster: Document = {
            "id": str(uuid.uuid4()),
            "name": "demo",
            "_zone": ZONE,
            "cni": "calico",
            "addons": ["metrics-server"],
            **cluster,
        }
        self.id = self.cluster["id"]
        self.folder = home / "clusters" / self.id
        self.cloud.store.put("sks-cluster", self.cluster)
        self.nodepool: Document = {
            "id": str(uuid.uuid4()),
            "_cluster": self.id,
            "name": "workers",
            "version": "1.35.0",
            "disk-size": 20,
            "labels": {"role": "worker"},
            "taints": {},
        }
        self.cloud.store.put("sks-nodepool", self.nodepool)
        self.pool = {"id": str(uuid.uuid4()), "manager": {"id": self.nodepool["id"], "type": "sks-nodepool"}}
        self.cloud.store.put("instance-pool", self.pool)
        self.host = f"{self.id}.sks-{ZONE}.exo.io"
        # Plays the sandbox's own CONNECT proxy, so that kubectl goes by the cluster's real name.
        Authorities(self.folder / "pki").create(self.id, self.host)
        self.proxy = Konnectivity(self.folder / "pki")
        self.proxy.start()
        self.planes = KwokControlPlanes(self.cloud, home, f"http://127.0.0.1:{self.proxy.port}", ccm=self._ccm)

    def start(self) -> None:
        """Starts the control plane."""
        self.planes.create(self.cluster)
        self.proxy.route(f"{self.host}:443", self.planes.port(self.id))

    def close(self) -> None:
        """Stops everything."""
        for api in self._apis.values():
            api.close()
        self.planes.stop_all()
        self.proxy.stop()

    def sync(self) -> None:
        self.planes.sync(self.id)

    def _ccm(self, cluster: Document, access: Access) -> RecordedCcm:
        self.ccms.append(RecordedCcm(cluster, access))
        return self.ccms[-1]

    def instances(self) -> list[Document]:
        return self.cloud.store.list("instance")

    def scale(self, size: int) -> None:
        """Adds or removes instances until there are `size`, all running."""
        for instance in self.instances()[size:]:
            self.cloud.store.delete("instance", instance["id"])
        for _ in range(size - len(self.instances())):
            number = self.cloud.ids.letters(5)
            instance = {
                "id": str(uuid.uuid4()),
                "name": f"pool-{self.pool['id'][:5]}-{number}",
                "public-ip": f"203.0.113.{len(self.instances()) + 1}",
                "instance-type": {"id": identity("instance-type", "standard.small")},
                "manager": {"id": self.pool["id"], "type": "instance-pool"},
                "state": "running",
            }
            self.cloud.store.put("instance", instance)
        self.planes.sync(self.id)

    def kubeconfig(self, groups: list[str], ttl_seconds: int = 3600, user: str = "somebody") -> Path:
        path = self.home / f"{user}-{uuid.uuid4()}.kubeconfig"
        path.write_text(self.planes.kubeconfig(self.id, user, groups, ttl_seconds))
        return path

    def kubectl(self, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs kubectl, by default as the sandbox's administrator."""
        config = kubeconfig or self.planes.admin_kubeconfig(self.id)
        command = [str(path_of("kubectl")), f"--kubeconfig={config}", f"--cache-dir={self.home / 'cache'}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def rows(self, *arguments: str) -> list[list[str]]:
        """The table that kubectl prints, without its header, in words."""
        done = self.kubectl(*arguments, "--no-headers")
        assert done.returncode == 0, done.stderr
        return [line.split() for line in done.stdout.splitlines()]

    def get(self, *arguments: str) -> Document:
        """The object that `kubectl get` finds."""
        document: Document = json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)
        return document

    def processes(self) -> dict[int, str]:
        """Name by pid of what runs for the cluster."""
        return processes.find(self.folder)

    def all_processes(self) -> dict[int, str]:
        """The same, once the last of them runs: metrics-server starts when its objects are in the cluster."""
        eventually(lambda: metrics_server.NAME in self.processes().values())
        return self.processes()

    def listening(self) -> list[str]:
        """The addresses where the cluster's processes listen."""
        sockets = {
            os.readlink(entry)
            for pid in self.processes()
            for entry in Path(f"/proc/{pid}/fd").iterdir()
            if os.path.islink(entry)
        }
        found = []
        for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
            for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = row.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                    words = bytes.fromhex(fields[1].split(":")[0])
                    packed = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
                    found.append(socket.inet_ntop(family, packed))
        return found

    @property
    def api(self) -> Cluster:
        """Not by kubectl: what is done again and again would each time be a process."""
        port = self.planes.port(self.id)
        if port not in self._apis:
            self._apis[port] = Cluster(Access(port, self.folder / "pki"))
        return self._apis[port]

    def items(self, path: str) -> list[Object]:
        """The objects of a list."""
        found: list[Object] = self.api.list(path)["items"]
        return found

    def nodes(self) -> dict[str, str]:
        """Ready or NotReady by name of the node."""

        def status(node: Object) -> str:
            said = {condition["type"]: condition["status"] for condition in node["status"].get("conditions", [])}
            return "Ready" if said.get("Ready") == "True" else "NotReady"

        return {node["metadata"]["name"]: status(node) for node in self.items(NODES)}

    def pods(self) -> list[tuple[str, str]]:
        """Workload and phase of each pod in kube-system; a pod's name ends in what its controller added."""
        daemons = {item["metadata"]["name"] for item in self.items("/apis/apps/v1/namespaces/kube-system/daemonsets")}
        found = []
        for pod in self.items("/api/v1/namespaces/kube-system/pods"):
            short = pod["metadata"]["name"].rsplit("-", 1)[0]
            found.append((short if short in daemons else short.rsplit("-", 1)[0], pod["status"]["phase"]))
        return sorted(found)
