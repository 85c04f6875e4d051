"""The exoscale stand-in on a simulated API, driven over gRPC."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.host import PluginHost
from sandbox.plugins.timing import Timing
from tests.sandbox.plugins.cloud_bench import Calls, CertifiedControlPlanes
from tests.sandbox.plugins.plugin_driver import Plugin, Resource

KEY, SECRET = "EXOtest", "the-secret"
QUICK = Timing(poll_seconds=0.01, backoff_seconds=0.001)


@pytest.fixture
def planes(cloud: Cloud, tmp_path: Path) -> CertifiedControlPlanes:
    made = CertifiedControlPlanes(tmp_path / "clusters")
    cloud.control_planes = made
    return made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, api: ApiServer) -> Calls:
    """Every request of this process to the API: the plugin runs in it. Control planes that the whole session shares
    do too, and ask their own servers."""
    seen, send = Calls(), requests.Session.send

    def note(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if str(request.url).startswith(f"{api.url}/"):
            seen.add(str(request.method), request.path_url.split("?")[0], request.body)
        return send(session, request, **options)

    monkeypatch.setattr(requests.Session, "send", note)
    return seen


@pytest.fixture
def surroundings(api: ApiServer) -> dict[str, str]:
    """The environment that the stand-in is told."""
    names = ("KEY", "SECRET", "SECRET_KEY", "API_KEY", "API_SECRET", "TIMEOUT")
    empty = {f"{vendor}_{name}": "" for vendor in ("EXOSCALE", "CLOUDSTACK") for name in names}
    return empty | {"EXOSCALE_API_ENDPOINT": f"{api.url}/v2"}


@pytest.fixture
def host(surroundings: dict[str, str], planes: CertifiedControlPlanes) -> Iterator[PluginHost]:
    with PluginHost([ExoscaleProvider(QUICK)], environment=surroundings) as host:
        yield host


@pytest.fixture
def plugin(host: PluginHost) -> Iterator[Plugin]:
    """Configured with a good key."""
    with Plugin(host.port("exoscale")) as plugin:
        plugin.configure(key=KEY, secret=SECRET)
        yield plugin


@pytest.fixture
def cluster(plugin: Plugin) -> Callable[..., Resource]:
    """Makes clusters."""

    def make(name: str = "cluster", **inputs: Any) -> Resource:
        wanted = {"zone": "ch-gva-2", "serviceLevel": "starter", **inputs}
        return plugin.create("exoscale:index/sksCluster:SksCluster", name, **wanted)

    return make


@pytest.fixture
def nodepool(plugin: Plugin, cluster: Callable[..., Resource]) -> Callable[..., Resource]:
    """Makes nodepools, in a cluster of their own unless told in which."""

    def make(name: str = "pool", **inputs: Any) -> Resource:
        wanted = {"zone": "ch-gva-2", "size": 1, "diskSize": 20, "instanceType": "standard.small", **inputs}
        wanted["clusterId"] = inputs.get("clusterId") or cluster().id
        return plugin.create("exoscale:index/sksNodepool:SksNodepool", name, **wanted)

    return make


@pytest.fixture
def balancer(plugin: Plugin) -> Callable[..., Resource]:
    """Makes load balancers."""
    return lambda name="nlb", **inputs: plugin.create("exoscale:index/nlb:Nlb", name, zone="ch-gva-2", **inputs)


@pytest.fixture
def domain(client: SandboxClient) -> str:
    """The id of a DNS domain."""
    return str(client.wait(client.create_dns_domain(unicode_name="example.org")["id"])["reference"]["id"])
