"""Clusters on paper: each is a dictionary of objects behind a path of one plain HTTP server, without a process.

A real control plane takes seconds to start and to stop. What is asked of a cluster here is little: which delete step is
armed, what refuses new Services, which Services there are, where their pods run. No controller works in it, so nothing
makes an NLB, and every node has a ready pod behind every Service.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from components.teardown.cluster.api_server import Refused
from components.teardown.cluster.nodes import NODES
from sandbox.cloud import Cloud
from sandbox.clusters.authorities import Authorities
from sandbox.clusters.kubeconfig import kubeconfig
from sandbox.clusters.nodes import machines
from sandbox.store import Document
from tests.teardown.paper_api_server import PaperApiServer

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
BUILT_IN = {
    "/api/v1": {"Namespace": ("namespaces", False), "Service": ("services", True), "Secret": ("secrets", True)},
    "/apis/apiextensions.k8s.io/v1": {"CustomResourceDefinition": ("customresourcedefinitions", False)},
    "/apis/apps/v1": {"Deployment": ("deployments", True)},
    "/apis/networking.k8s.io/v1": {"Ingress": ("ingresses", True), "IngressClass": ("ingressclasses", False)},
    "/apis/admissionregistration.k8s.io/v1": {
        "ValidatingAdmissionPolicy": ("validatingadmissionpolicies", False),
        "ValidatingAdmissionPolicyBinding": ("validatingadmissionpolicybindings", False),
    },
}
"""Kinds by the path of their group and version: plural, and whether they are namespaced."""

ROLLED_OUT = {
    "conditions": [
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        {"type": "Available", "status": "True"},
    ]
}


class PaperControlPlanes:
    """`sandbox.cloud.ControlPlanes` on paper. Its clusters are gone when it stops.

    Args:
        home: the sandbox's folder, for the clusters' authorities.
        cloud: whose machines are the nodes.
    """

    def __init__(self, home: Path, cloud: Cloud) -> None:
        self._cloud = cloud
        self._folder = home / "clusters"
        self._clusters: dict[str, PaperApiServer] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, cluster_id: str) -> str:
        """Where the cluster's API is."""
        return f"http://127.0.0.1:{self._server.server_port}/{cluster_id}"

    def objects(self, cluster_id: str) -> dict[str, Document]:
        """What is in the cluster, by the path in the API. A test may change it."""
        return self._clusters[cluster_id].objects

    def ask(self, cluster_id: str, method: str, path: str, query: dict[str, str], body: Any) -> Document:
        """The answer to one request; empty where there is no such object.

        Raises:
            KeyError: there is no such cluster.
            Refused: the cluster says no.
        """
        with self._lock:
            if path.endswith("/endpointslices"):
                self._run_pods(cluster_id, path)
            if path.startswith(DEFINITIONS):
                self._establish(cluster_id)
            if method == "PATCH" and {"apiVersion", "kind"} <= body.keys():
                return self._apply(cluster_id, path, body, is_real="dryRun" not in query)
            return self._kinds(cluster_id, path) or self._clusters[cluster_id]._ask(method, path, query, body)

    def _kinds(self, cluster_id: str, path: str) -> Document:
        """What a client that discovers kinds is told; empty for any other path."""
        kinds = dict(BUILT_IN.get(path, {}))
        for known, definition in self.objects(cluster_id).items():
            if known.startswith(f"{DEFINITIONS}/"):
                spec = definition["spec"]
                if path in {f"/apis/{spec['group']}/{version['name']}" for version in spec["versions"]}:
                    kinds[spec["names"]["kind"]] = spec["names"]["plural"], spec["scope"] == "Namespaced"
        resources = [{"kind": kind, "name": name, "namespaced": inside} for kind, (name, inside) in kinds.items()]
        return {"resources": resources} if resources else {}

    def _establish(self, cluster_id: str) -> None:
        """Serves the kinds that are defined."""
        for path, definition in self.objects(cluster_id).items():
            if path.startswith(f"{DEFINITIONS}/"):
                definition["status"] = {"conditions": [{"type": "Established", "status": "True"}]}

    def _apply(self, cluster_id: str, path: str, body: Document, is_real: bool) -> Document:
        """As the program's plugin does it: the whole object, which may be a new one."""
        applied = {**body, "metadata": {**body["metadata"], "uid": path}}
        applied |= {"status": ROLLED_OUT} if body["kind"] == "Deployment" else {}
        if is_real:
            self.objects(cluster_id)[path] = applied
        return applied

    def create(self, cluster: Document) -> None:
        self._authorities(cluster["id"]).create(cluster["id"], "localhost")
        self._clusters.setdefault(cluster["id"], PaperApiServer())

    def delete(self, cluster_id: str) -> None:
        self._clusters.pop(cluster_id, None)

    def authority(self, cluster_id: str, name: str) -> str:
        return self._authorities(cluster_id).certificate(name)

    def kubeconfig(self, cluster_id: str, user: str, groups: list[str], ttl_seconds: int) -> str:
        pair = self._authorities(cluster_id).client(user, groups, ttl_seconds)
        return kubeconfig(self.url(cluster_id), self.authority(cluster_id, "control-plane"), cluster_id, user, pair)

    def sync(self, cluster_id: str) -> None:
        with self._lock:
            if cluster_id in self._clusters:
                objects = self.objects(cluster_id)
                for path in [path for path in objects if path.startswith(f"{NODES}/")]:
                    del objects[path]
                nodes = [machine.node() for machine in machines(self._cloud, cluster_id)]
                objects.update({f"{NODES}/{node['metadata']['name']}": node for node in nodes})

    def observer(self, cluster_id: str) -> None:
        """Nobody looks into a cluster on paper to see where its traffic goes."""

    def start_all(self) -> None:
        """A new sandbox has no clusters."""

    def stop_all(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _run_pods(self, cluster_id: str, path: str) -> None:
        objects, space = self.objects(cluster_id), path.removesuffix("/endpointslices").rpartition("/")[2]
        endpoints = [
            {"nodeName": known.removeprefix(f"{NODES}/")} for known in objects if known.startswith(f"{NODES}/")
        ]
        services = f"/api/v1/namespaces/{space}/services/"
        for name in [known.removeprefix(services) for known in objects if known.startswith(services)]:
            metadata = {"name": name, "labels": {"kubernetes.io/service-name": name}}
            objects[f"{path}/{name}"] = {"metadata": metadata, "endpoints": endpoints}

    def _authorities(self, cluster_id: str) -> Authorities:
        self._folder.mkdir(exist_ok=True)
        return Authorities(self._folder / cluster_id)


def _handler(planes: PaperControlPlanes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            address = urlsplit(self.path)
            _, cluster_id, rest = address.path.split("/", 2)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = dict(parse_qsl(address.query))
            try:
                found = planes.ask(cluster_id, self.command, f"/{rest}", query, json.loads(sent) if sent else None)
                status = 200 if found or rest == "version" else 404
            except KeyError:
                found, status = {"message": f"no cluster {cluster_id}"}, 503
            except Refused as refused:
                found, status = {"message": str(refused)}, refused.status
            text = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    return Handler
