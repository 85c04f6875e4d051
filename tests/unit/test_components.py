"""Every component is usable by itself, from any program, more than once."""

import ast
import inspect
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components.anti_affinity import AntiAffinity, AntiAffinityArgs
from components.balancer_policy import BalancerPolicy, BalancerPolicyArgs
from components.cert_manager import CertManager, CertManagerArgs
from components.control_plane import ControlPlane, ControlPlaneArgs
from components.demo_app import DemoApp, DemoAppArgs
from components.dns_name import DnsName, DnsNameArgs
from components.drain import Drain, DrainArgs, SecondDrain, UnfinishedDrain
from components.firewall import Firewall, FirewallArgs
from components.gitops import GitOps, GitOpsArgs
from components.identity import Identity
from components.ingress import IngressController, IngressControllerArgs, OtherCluster, TrafficPool
from components.kubeconfig import Kubeconfig, KubeconfigArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.local_cluster import LocalCluster, LocalClusterArgs
from components.longhorn import Longhorn
from components.nodepool import Nodepool, NodepoolArgs
from components.nodepool_sweep import NodepoolSweep, NodepoolSweepArgs
from components.pool_args import PoolArgs
from components.stack_id import StackId, StackIdArgs
from tests.unit.conftest import World, configure, execute

ME = Identity("someones", "other", "program")
ZONE = "ch-gva-2"
Build = Callable[[str, Path], pulumi.ComponentResource]


def ingress(name: str, _: Path) -> IngressController:
    provider = kubernetes.Provider(f"{name}-cluster", kubeconfig="x")
    return IngressController(name, OtherCluster(provider), IngressControllerArgs(ingress_class=name))


def demo_app(name: str, _: Path) -> DemoApp:
    provider = kubernetes.Provider(f"{name}-cluster", kubeconfig="x")
    return DemoApp(name, OtherCluster(provider), DemoAppArgs(path=f"/{name}"))


def cert_manager(name: str, _: Path) -> CertManager:
    provider = kubernetes.Provider(f"{name}-cluster", kubeconfig="x")
    issuer = {"one": "self-signed", "two": "letsencrypt"}[name]  # the name of the issuer in the cluster
    return CertManager(name, OtherCluster(provider), CertManagerArgs(issuer, "alice@example.com"))


def gitops(name: str, _: Path) -> GitOps:
    provider = kubernetes.Provider(f"{name}-cluster", kubeconfig="x")
    return GitOps(name, OtherCluster(provider), GitOpsArgs("https://git.example/apps", tool="flux"))


def dns_name(name: str, _: Path) -> DnsName:
    provider = kubernetes.Provider(f"{name}-cluster", kubeconfig="x")
    pool = TrafficPool(replace(ME, stack=name), ZONE, "web", "nodepool", "pool", 1)
    return DnsName(name, OtherCluster(provider, traffic_pool=pool), DnsNameArgs("198.51.100.7", "example.org"))


def balancer_policy(name: str, _: Path) -> BalancerPolicy:
    provider = kubernetes.Provider(f"{name}-cluster", kubeconfig="x")
    args = BalancerPolicyArgs("nlb-id", "nlb", "ingress", "cluster")
    return BalancerPolicy(name, args, pulumi.ResourceOptions(providers=[provider]))


@dataclass
class Host(OtherCluster):
    """A cluster whose nodepools are known."""

    pools: Mapping[str, PoolArgs] = field(default_factory=lambda: {"default": PoolArgs()})
    traffic_pool: TrafficPool = field(default_factory=lambda: TrafficPool(ME, ZONE, "default", "nodepool", "pool", 2))


def longhorn(name: str, _: Path) -> Longhorn:
    return Longhorn(name, Host(kubernetes.Provider(f"{name}-cluster", kubeconfig="x")))


COMPONENTS: dict[type[pulumi.ComponentResource], Build] = {
    ControlPlane: lambda name, _: ControlPlane(name, ControlPlaneArgs(ME, ZONE)),
    Firewall: lambda name, _: Firewall(name, FirewallArgs(ME, ZONE, "cilium")),
    Nodepool: lambda name, _: Nodepool(name, NodepoolArgs(ME, "cluster", ZONE, 1, "standard.small", 20, ["group"])),
    Kubeconfig: lambda name, folder: Kubeconfig(name, KubeconfigArgs(ME, "cluster", ZONE, folder / name)),
    LoadBalancer: lambda name, _: LoadBalancer(name, LoadBalancerArgs(ME, ZONE)),
    IngressController: ingress,
    CertManager: cert_manager,
    Longhorn: longhorn,
    GitOps: gitops,
    BalancerPolicy: balancer_policy,
    DemoApp: demo_app,
    DnsName: dns_name,
    AntiAffinity: lambda name, _: AntiAffinity(name, AntiAffinityArgs(ME, name)),
    StackId: lambda name, _: StackId(name, StackIdArgs(ME, ZONE)),
    NodepoolSweep: lambda name, _: NodepoolSweep(name, NodepoolSweepArgs(ME, ZONE, "cluster")),
    SecondDrain: lambda name, _: SecondDrain(name, DrainArgs(ME, ZONE, "cluster", ["pool"])),
    UnfinishedDrain: lambda name, _: UnfinishedDrain(name, DrainArgs(ME, ZONE, "cluster")),
    Drain: lambda name, _: Drain(name, DrainArgs(ME, ZONE, "cluster", ["pool"])),
    LocalCluster: lambda name, folder: LocalCluster(name, LocalClusterArgs(replace(ME, stack=name), folder / name)),
}
every_component = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)


def two(component: type[pulumi.ComponentResource], folder: Path) -> tuple[World, list[pulumi.ComponentResource]]:
    """A program with nothing but two of them; a URN that is registered twice fails the run."""
    made: list[pulumi.ComponentResource] = []
    world = configure({})
    pulumi.runtime.set_all_config({})  # no configuration at all
    execute(lambda: made.extend(COMPONENTS[component](name, folder) for name in ("one", "two")), world)
    return world, made


@every_component
def test_two_of_a_kind_share_no_name_in_the_stack_or_the_cloud(
    component: type[pulumi.ComponentResource], tmp_path: Path
) -> None:
    world, _ = two(component, tmp_path)
    names: dict[str, set[tuple[str, Any]]] = {"one": set(), "two": set()}
    for item in world.registrations.values():
        owner = "one" if item.urn.rpartition("::")[2].startswith("one") else "two"
        given = item.inputs.get("name") or item.inputs.get("metadata", {}).get("name")
        names[owner] |= {(item.type, item.urn), *([(item.type, given)] if given else [])}

    assert names["one"]
    assert len(names["one"]) == len(names["two"])
    assert not names["one"] & names["two"]


@every_component
def test_children_carry_the_components_name_and_parent(
    component: type[pulumi.ComponentResource], tmp_path: Path
) -> None:
    world, _ = two(component, tmp_path)
    parents = {item.urn for item in world.registrations.values() if not item.request.custom}
    inside = [item for item in world.registrations.values() if item.request.parent in parents]

    assert len(parents) == 2
    assert inside
    assert all(item.request.name.startswith(item.request.parent.rpartition("::")[2] + "-") for item in inside)


@every_component
def test_every_annotated_output_is_documented_set_and_registered(
    component: type[pulumi.ComponentResource], tmp_path: Path
) -> None:
    world, made = two(component, tmp_path)
    body = ast.parse(inspect.getsource(component)).body[0].body  # type: ignore[attr-defined]
    documented = {
        ast.unparse(field.target)
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }
    annotated = component.__annotations__.keys()
    registered = [set(item.outputs.fields) for item in world.outputs]

    assert documented == annotated
    assert all(hasattr(item, name) for item in made for name in annotated)
    assert registered == [documented, documented]


def test_an_ingress_controller_that_is_given_no_address_asks_its_service() -> None:
    world = configure({})
    addresses: list[str] = []

    def program() -> None:
        ingress("mine", Path()).address.apply(addresses.append)

    execute(program, world)
    assert addresses == ["198.51.100.8"]
