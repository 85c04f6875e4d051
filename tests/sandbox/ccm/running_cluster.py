"""A real control plane with a CCM, in a simulated cloud."""

import json
import subprocess
import threading
import uuid
from functools import cached_property
from pathlib import Path

from sandbox.ccm import CloudControllerManager, services
from sandbox.ccm.annotations import PREFIX
from sandbox.clusters.control_planes import KwokControlPlanes
from sandbox.controllers.cluster import Access, Cluster
from sandbox.controllers.objects import ATTACHMENTS, NODE_DRIVERS, NODES, VOLUMES
from sandbox.controllers.settings import Settings
from sandbox.store import Document
from tests.sandbox.ccm.world import ZONE, Object, World
from tests.sandbox.waiting import eventually
from tools import path_of

HERE = "/api/v1/namespaces/default"
PATHS = {
    "service": f"{HERE}/services",
    "event": f"{HERE}/events",
    "pod": f"{HERE}/pods",
    "pvc": f"{HERE}/persistentvolumeclaims",
    "statefulset": "/apis/apps/v1/namespaces/default/statefulsets",
    "node": NODES,
    "pv": VOLUMES,
    "csinode": NODE_DRIVERS,
    "volumeattachment": ATTACHMENTS,
}


class RunningCluster(World):
    """One cluster with one nodepool.

    Args:
        home: where the control plane's files live.
    """

    def __init__(self, home: Path) -> None:
        self.id = str(uuid.uuid4())
        super().__init__(self.id)
        self._home = home
        addons = ["exoscale-cloud-controller"]
        self.cluster = {"id": self.id, "name": "demo", "_zone": ZONE, "cni": "calico", "addons": addons}
        self.cloud.store.put("sks-cluster", self.cluster)
        self.workers = self.nodepool("workers")
        self.planes = KwokControlPlanes(self.cloud, home, ccm=self._ccm)
        self.cloud.control_planes = self.planes

    def _ccm(self, _: Document, access: Access) -> CloudControllerManager:
        self.ccm = CloudControllerManager(self._settings(access, self.key))
        return self.ccm

    def _settings(self, access: Access, key: Document) -> Settings:
        return Settings(
            access,
            self.api.url,
            key["key"],
            key["_secret"],
            ZONE,
            name=self.id,
            poll_seconds=0.02,
            backoff_seconds=0.05,
            pace=0.02,
        )

    def nodepool(self, name: str) -> Document:
        """A new nodepool's instance pool; `instance` fills it."""
        nodepool = {"id": self.cloud.ids.uuid(), "_cluster": self.id, "name": name, "version": "1.35.0"}
        self.cloud.store.put("sks-nodepool", {**nodepool, "disk-size": 20, "labels": {}, "taints": {}})
        return self.pool(manager={"id": nodepool["id"], "type": "sks-nodepool"})

    def instance(self, pool: Document, **fields: object) -> Document:
        instance = super().instance(pool, **fields)
        self.planes.sync(self.id)
        return instance

    def reset(self) -> None:
        """Healthy parts, no Service, no load balancer, one initialised node of the first nodepool."""
        self.restore_key()
        self.cloud.faults.clear()
        self.kill_ccm()
        for item in self.objects("service"):
            if item["metadata"]["name"] != "kubernetes":
                self.force_delete(item["metadata"]["name"])
        for kind in ("load-balancer", "instance"):
            for document in self.cloud.store.list(kind):
                self.cloud.store.delete(kind, document["id"])
        self.revive_ccm()
        self.planes.sync(self.id)
        eventually(lambda: not self.objects("node"))
        instance = self.instance(self.workers)
        eventually(lambda: self.node(instance)["spec"].get("providerID"))

    def kill_ccm(self) -> None:
        self.planes.kill(self.id, "ccm")

    def revive_ccm(self) -> None:
        self.planes.revive(self.id, "ccm")

    def ccm_threads(self) -> list[str]:
        """Names of the CCM's threads that live."""
        return [thread.name for thread in threading.enumerate() if thread.name.startswith(f"sandbox.ccm.{self.id}")]

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Runs kubectl as the administrator and returns what it prints."""
        kubeconfig = f"--kubeconfig={self.planes.admin_kubeconfig(self.id)}"
        done = subprocess.run(
            [str(path_of("kubectl")), kubeconfig, f"--cache-dir={self._home / 'cache'}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @cached_property
    def api_server(self) -> Cluster:
        """Not by kubectl: tests look again and again, and each time it would be a process."""
        return Cluster(Access(self.planes.port(self.id), self.planes.admin_kubeconfig(self.id).parent / "pki"))

    def objects(self, kind: str) -> list[Object]:
        """All objects of that kind, in the namespace `default` where it has namespaces."""
        items: list[Object] = self.api_server.list(PATHS[kind])["items"]
        return items

    def find(self, kind: str, name: str) -> Object | None:
        """The one object of that name, or None."""
        return self.api_server.get(f"{PATHS[kind]}/{name}")

    def node(self, instance: Document) -> Object:
        """The instance's Node, empty as long as there is none."""
        return self.find("node", instance["name"]) or {"metadata": {}, "spec": {}, "status": {}}

    def apply(self, annotations: dict[str, str] | None = None, ports: tuple[int, ...] = (80,), **spec: object) -> None:
        """Applies the Service `web`."""
        manifest = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": "web",
                "namespace": "default",
                "annotations": {PREFIX + name: value for name, value in (annotations or {}).items()},
            },
            "spec": {
                "type": "LoadBalancer",
                "selector": {"app": "web"},
                "ports": [{"name": f"p{number}", "port": number} for number in ports],
                **spec,
            },
        }
        self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))

    def service(self) -> Object | None:
        """The Service `web` as it is now."""
        return self.find("service", "web")

    def annotate(self, name: str, value: str | None) -> None:
        """Sets or removes one of the Service's annotations, named by what follows their common prefix."""
        self.api_server.patch(f"{PATHS['service']}/web", {"metadata": {"annotations": {PREFIX + name: value}}})

    def annotation(self, name: str) -> str:
        """One annotation of the Service, empty where it has none."""
        found = (self.service() or {"metadata": {}})["metadata"].get("annotations", {})
        return str(found.get(PREFIX + name, ""))

    def address(self) -> str:
        """Where the Service can be reached, empty as long as it cannot."""
        ingress = ((self.service() or {}).get("status", {}).get("loadBalancer") or {}).get("ingress")
        return str(ingress[0]["ip"]) if ingress else ""

    def delete(self) -> None:
        """Deletes the Service without waiting for its end."""
        self.api_server.delete(f"{PATHS['service']}/web")

    def force_delete(self, name: str = "web") -> None:
        """Deletes a Service behind the CCM's back, by taking its finalizer away first."""
        self.api_server.patch(f"{PATHS['service']}/{name}", {"metadata": {"finalizers": None}})
        self.api_server.delete(f"{PATHS['service']}/{name}")

    def is_terminating(self) -> bool:
        """Whether the Service is being deleted and held by the CCM's finalizer."""
        metadata = (self.service() or {"metadata": {}})["metadata"]
        return "deletionTimestamp" in metadata and services.FINALIZER in metadata.get("finalizers", [])

    def events(self, reason: str) -> list[str]:
        """Messages of the Service's events of that reason."""
        uid = (self.service() or {"metadata": {"uid": ""}})["metadata"]["uid"]
        items = self.objects("event")
        about = [item for item in items if item["involvedObject"].get("uid") == uid]
        return [item["message"] for item in about if item["reason"] == reason]
