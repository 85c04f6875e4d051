"""The kubernetes stand-in on a paper cluster: its own checks, diffs and states, and a `helm` that starts no pod."""

import json
from pathlib import Path
from typing import Any

import yaml

from sandbox.plugins.kubernetes import KubernetesProvider
from sandbox.plugins.kubernetes.cluster import Cluster
from sandbox.plugins.kubernetes.helm import Helm, HelmError
from sandbox.plugins.kubernetes.kubeconfig import Kubeconfig
from sandbox.plugins.kubernetes.settings import HelmSettings, Settings
from sandbox.plugins.provider import ConfigureRequest, Context
from tests.engine.paper.control_planes import DEFINITIONS, PaperControlPlanes

ADDRESS = "192.0.2.1"
"""What every Service of type LoadBalancer is given in place of an NLB's address."""


class PaperKubernetes(KubernetesProvider):
    """Reaches clusters without a credential: how one is minted is not the question here."""

    def configure(self, context: Context[Settings], request: ConfigureRequest) -> Settings:
        (entry,) = yaml.safe_load(request.variables["kubernetes:config:kubeconfig"])["clusters"]
        cluster = Cluster(Kubeconfig({"server": entry["cluster"]["server"]}, {}), context.surroundings)
        return Settings(cluster, "", None, "default", HelmSettings(), context.surroundings)


class PaperHelm(Helm):
    """Renders a chart with the real helm, which needs no cluster, and puts the objects onto paper.

    It keeps releases in the cluster, so they go with it.
    """

    planes: PaperControlPlanes
    """Set by whoever puts this class in Helm's place."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        super().__init__(folder, settings)
        self._settings = settings

    def run(self, *arguments: str, **options: Any) -> str:
        verb, *rest = arguments
        act = getattr(self, f"_{verb}", None)
        return act(*rest) if act else super().run(*arguments, **options)

    def _install(self, name: str, chart: str, *options: str) -> str:
        if self._path(name, options) in self._objects():
            raise HelmError("cannot re-use a name that is still in use")
        return self._put(name, chart, options, revision=1)

    def _upgrade(self, name: str, chart: str, *options: str) -> str:
        before = self._release(name, options)
        self._remove(before)
        return self._put(name, chart, options, before["version"] + 1)

    def _uninstall(self, name: str, *options: str) -> str:
        self._remove(self._release(name, options))
        del self._objects()[self._path(name, options)]
        return f'release "{name}" uninstalled\n'

    def _status(self, name: str, *options: str) -> str:
        return json.dumps(self._release(name, options))

    def _get(self, what: str, name: str, *options: str) -> str:
        return json.dumps(self._release(name, options)[what])

    def _put(self, name: str, chart: str, options: tuple[str, ...], revision: int) -> str:
        values = options[options.index("--values") + 1]
        space = _namespace(options)
        manifest = super().run("template", name, chart, "--namespace", space, "--values", values)
        known = yaml.safe_load(super().run("show", "chart", chart))
        metadata = {"chart": known["name"], "version": known["version"], "appVersion": known.get("appVersion", "")}
        release = {
            **{"name": name, "namespace": space, "version": revision, "info": {"status": "deployed"}},
            **{"config": json.loads(Path(values).read_text()), "manifest": manifest, "metadata": metadata},
        }
        for path, service in _services(release):
            service["status"] = {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}
            self._objects()[path] = service
        self._objects().update({f"{DEFINITIONS}/{one['metadata']['name']}": one for one in _definitions(release)})
        self._objects()[self._path(name, options)] = release
        return ""

    def _remove(self, release: dict[str, Any]) -> None:
        for path, _ in _services(release):
            self._objects().pop(path, None)

    def _release(self, name: str, options: tuple[str, ...]) -> dict[str, Any]:
        if self._path(name, options) not in self._objects():
            raise HelmError("release: not found")
        return self._objects()[self._path(name, options)]

    def _path(self, name: str, options: tuple[str, ...]) -> str:
        return f"/helm/{_namespace(options)}/{name}"

    def _objects(self) -> dict[str, Any]:
        server = self._settings.cluster._connection._root
        return self.planes.objects(server.rpartition("/")[2])


def _namespace(options: tuple[str, ...]) -> str:
    return options[options.index("--namespace") + 1]


def _definitions(release: dict[str, Any]) -> list[dict[str, Any]]:
    """The kinds that a release defines; they stay when it goes, as the charts say that do so."""
    found = yaml.safe_load_all(release["manifest"])
    return [one for one in found if one and one["kind"] == "CustomResourceDefinition"]


def _services(release: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The Services of a release, by their paths: nothing else in a cluster costs money or has an address."""
    found = [one for one in yaml.safe_load_all(release["manifest"]) if one and one["kind"] == "Service"]
    for service in found:
        service["metadata"] = {"namespace": release["namespace"], **service["metadata"]}
        service["metadata"]["uid"] = f"{service['metadata']['name']}-{release['version']}"
    return [
        (f"/api/v1/namespaces/{one['metadata']['namespace']}/services/{one['metadata']['name']}", one) for one in found
    ]
