"""The stack's settings: read once, checked before the first resource, frozen. Nothing else reads configuration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.cert_manager import CertManagerArgs
from components.checks import Checks
from components.cluster_args import ClusterArgs
from components.demo_app import DemoAppArgs
from components.gitops import GitOpsArgs
from components.identity import Identity
from components.ingress import IngressControllerArgs
from components.local_cluster import LocalClusterArgs
from components.longhorn import LonghornArgs
from components.teardown.changes import EXOSCALE, NO_BALANCER
from components.teardown.cloud.stack_ref import StackRef

from .api_key import api_key_problems
from .gitops import gitops
from .ingress import ingress
from .kubeconfig import access
from .longhorn import check_nodes, longhorn
from .namespaces import configuration, unread
from .nodepools import nodepools
from .reading import Table
from .tls import tls

K3D = "k3d"
PLATFORMS = (EXOSCALE, K3D)

# Names of settings that differ from the argument's name.
NAMES = {
    "open_node_ports": "firewall.open-node-ports",
    "load_balancer": "ingress.load-balancer",
    "ingress_nodepool": "ingress.nodepool",
    "domain": "dns.domain",
    "csi": "storage.csi",
    "on_destroy": "storage.on-destroy",
    "drain_wait_seconds": "drain.wait-seconds",
    "project": "the project's name",
    "stack": "the stack's name",
}


@dataclass(frozen=True)
class Settings:
    """Everything that may differ from stack to stack.

    Args:
        cluster: the cluster, as it is on Exoscale.
        local: the cluster on this machine; None for one on Exoscale.
        ingress: the ingress controller; None for none.
        demo: the demo app behind it; None for none.
        tls: what signs the certificates of Ingresses; None for nothing.
        longhorn: replicated volumes on the nodes' disks; None for none.
        gitops: the GitOps tool; None for none.
    """

    cluster: ClusterArgs
    local: LocalClusterArgs | None
    ingress: IngressControllerArgs | None
    demo: DemoAppArgs | None
    tls: CertManagerArgs | None
    longhorn: LonghornArgs | None
    gitops: GitOpsArgs | None


def load() -> Settings:
    """Reads the stack's configuration and checks all of it.

    Raises:
        RunError: lists every mistake, one per line.
    """
    problems: list[str] = []
    project = pulumi.get_project()
    everything = configuration()
    top = Table(project, _own(everything, project), problems, separator=":")
    platform = top.text("platform", allowed=PLATFORMS)
    controller, load_balancer, nodepool = ingress(top.table("ingress"))
    storage = top.table("storage")
    replicated = longhorn(storage, platform == K3D)
    cluster = _cluster(
        top,
        storage,
        replicated is not None,
        load_balancer if controller else NO_BALANCER,
        nodepool,
        controller.installed_chart.name if controller else "",
    )
    check_nodes(storage, replicated, cluster)
    local = _local(top.table("k3d"), cluster, platform == K3D)
    demo = _demo(top, controller)
    certificates = tls(top, controller, platform == K3D)
    tool = gitops(top.table("gitops"))
    top.finish()
    problems += unread(everything, project)
    problems += api_key_problems() if platform == EXOSCALE else []
    if problems or cluster is None:
        raise pulumi.RunError("\n".join(problems))
    return Settings(cluster, local if platform == K3D else None, controller, demo, certificates, replicated, tool)


def _cluster(
    top: Table, storage: Table, has_longhorn: bool, load_balancer: Any, ingress_nodepool: Any, chart: str
) -> ClusterArgs | None:
    firewall, drain, dns = (top.table(name) for name in ("firewall", "drain", "dns"))
    budget = top.whole("budget")
    arguments = {
        **{key: top.take(key) for key in ("zone", "level", "cni", "version", "owner", "organization", "ttl")},
        "nodepools": nodepools(top.table("nodepools")),
        "access": access(top.table("kubeconfig"), StackRef(pulumi.get_project(), pulumi.get_stack())),
        **firewall.arguments(ClusterArgs, open_node_ports="open-node-ports"),
        **storage.arguments(ClusterArgs, csi="csi", on_destroy="on-destroy"),
        "longhorn": has_longhorn,
        "load_balancer": load_balancer,
        "ingress_nodepool": ingress_nodepool,
        "ingress_chart": chart,
        **drain.arguments(ClusterArgs, drain_wait_seconds="wait-seconds"),
        **dns.arguments(ClusterArgs, domain="domain"),
        "budget": budget if top.take("platform") == EXOSCALE else 0,  # k3d costs nothing
        "protect": top.switch("protect"),
    }
    if load_balancer == NO_BALANCER and dns.take("domain"):
        dns.refuse("domain", dns.take("domain"), "none, as ingress.controller is none")
    for table in (firewall, storage, drain, dns):
        table.finish()
    return top.made(ClusterArgs, arguments, NAMES)


def _demo(top: Table, controller: IngressControllerArgs | None) -> DemoAppArgs | None:
    checks, wanted = Checks(), top.switch("demo")
    if wanted is not None and checks.switch("demo", wanted) and wanted and controller is None:
        checks.refuse("demo", wanted, "false, as ingress.controller is none")
    top.adopt(checks.problems)
    return DemoAppArgs(controller.ingress_class) if wanted is True and controller else None


def _local(table: Table, cluster: ClusterArgs | None, is_wanted: bool) -> LocalClusterArgs | None:
    """Checks the ports on every platform, but the name of the k3d cluster only for k3d."""
    whose, file = Identity("any", "stack", "nobody"), Path("kubeconfig")
    if cluster and is_wanted:
        whose, file = cluster.identity, cluster.kubeconfig_file
    ports = table.arguments(LocalClusterArgs, api_port="api-port", http_port="http-port")
    table.finish()
    return table.made(
        LocalClusterArgs, {"identity": whose, "file": file, **ports}, {"cluster": "the k3d cluster's name"}
    )


def _own(everything: Mapping[str, str], project: str) -> dict[str, Any]:
    """Returns the project's own keys. The engine passes objects as JSON and has checked the types of the others."""
    keys = [key.removeprefix(f"{project}:") for key in everything if key.startswith(f"{project}:")]
    config = pulumi.Config()
    return {key: _object(config.require(key)) for key in keys}


def _object(value: str) -> Any:
    try:
        return json.loads(value) if value.startswith(("{", "[")) else value
    except json.JSONDecodeError:
        return value
