"""The tutorial's "work locally", by Pulumi.local.yaml, on the real engine and a real Kubernetes API; k3d is played."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox import ports
from tests.engine.conftest import Kubectl
from tests.engine.k3d import K3d
from tools import path_of

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CLUSTER = "exoscale-sks-local-k3d"


@pytest.fixture(scope="module")
def k3d(tmp_path_factory: pytest.TempPathFactory) -> Iterator[K3d]:
    with K3d(tmp_path_factory.mktemp("k3d")) as playing:
        yield playing


@pytest.fixture(scope="module")
def port() -> int:
    """In the place of the tutorial's 6550, which somebody on this machine may use."""
    return ports.free()


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path], k3d: K3d, port: int) -> SandboxStack:
    config = {
        "exoscale-sks:demo": True,
        "exoscale-sks:k3d": {"api-port": port},
        "exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))},
    }
    folders = [k3d.folder, path_of("pulumi").parent, os.environ["PATH"]]
    return make_stack("local", config=config, variables={"PATH": os.pathsep.join(map(str, folders))})


@pytest.fixture(scope="module")
def outputs(stack: SandboxStack) -> automation.OutputMap:
    return stack.up().outputs


@pytest.mark.usefixtures("outputs")
def test_up_makes_the_tutorials_cluster(k3d: K3d, port: int) -> None:
    create, *others = k3d.calls
    assert create == [
        *["cluster", "create", CLUSTER],
        *["--k3s-arg", "--disable=traefik@server:0"],
        *["--api-port", f"127.0.0.1:{port}"],
        *["--port", "127.0.0.1:8081:80@loadbalancer"],
    ]
    assert others == [["kubeconfig", "get", CLUSTER]]


def test_the_ingress_controller_and_the_tutorials_app_run_in_it(
    outputs: automation.OutputMap, kubectl: Callable[[str], Kubectl], port: int
) -> None:
    assert outputs["endpoint"].value == f"https://127.0.0.1:{port}"
    assert outputs["demo_url"].value == "http://localhost:8081/rickroller"
    kube = kubectl(outputs["kubeconfig"].value)
    assert len(kube.json("get", "nodes")["items"]) == 1
    assert [item["metadata"]["name"] for item in kube.json("get", "ingressclasses")["items"]] == ["nginx"]
    kube("rollout", "status", "daemonset", "--namespace=ingress", "--timeout=60s")
    kube("rollout", "status", "deployment", "--namespace=default", "--timeout=60s")


@pytest.mark.usefixtures("outputs")
def test_up_again_changes_nothing(stack: SandboxStack, k3d: K3d) -> None:
    before = len(k3d.calls)
    assert stack.up().summary.resource_changes.keys() == {"same"}
    assert len(k3d.calls) == before


@pytest.mark.usefixtures("outputs")
def test_nothing_of_it_is_in_the_cloud(cloud: Callable[[], dict[str, int]]) -> None:
    assert cloud() == {}


@pytest.mark.usefixtures("outputs")
def test_destroy_deletes_the_cluster(stack: SandboxStack, k3d: K3d, port: int) -> None:
    stack.destroy()
    assert k3d.calls[-1] == ["cluster", "delete", CLUSTER]
    assert k3d.clusters == {}
    with socket.socket() as caller, pytest.raises(ConnectionRefusedError):
        caller.connect(("127.0.0.1", port))
