"""A cluster on this machine, in Docker, by k3d."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi_command import local

from .checks import Checks, Form
from .component import Component
from .identity import Identity
from .kubeconfig import saved
from .kubeconfig_entries import named
from .kubernetes_provider import kubernetes_provider

LAST_PORT = 65535
NAME = Form(r"[a-z0-9-]{1,32}", "32 lower-case letters, digits or hyphens at most; the stack's name is part of it")


@dataclass(frozen=True)
class LocalClusterArgs:
    """Arguments of a LocalCluster.

    Args:
        identity: whose it is: the kubeconfig's cluster, user and context are called after project and stack, and so is
            the k3d cluster.
        file: where the kubeconfig is written; what others have in it stays.
        api_port: port of this machine that the Kubernetes API gets.
        http_port: port of this machine that the ingress controller's port 80 gets.

    Raises:
        Invalid: what cannot be, a line for each.
    """

    identity: Identity
    file: Path
    api_port: int = 6550
    http_port: int = 8081

    def __post_init__(self) -> None:
        checks = Checks()
        checks.form("cluster", self.cluster, NAME)
        numbers = [checks.number(port, getattr(self, port), 1, LAST_PORT) for port in ("api_port", "http_port")]
        if all(numbers) and self.api_port == self.http_port:
            checks.refuse("http_port", self.http_port, "any port but that of the API")
        checks.finish()

    @property
    def cluster(self) -> str:
        """The cluster's name in k3d."""
        return self.identity.name("k3d")


class LocalCluster(Component):
    """A k3d cluster without the Traefik that k3s brings along, as the tutorial makes it. Needs Docker and k3d."""

    cluster_id: pulumi.Output[str]
    """Changes when the cluster is another one."""
    endpoint: pulumi.Output[str]
    """URL of the Kubernetes API."""
    kubeconfig: pulumi.Output[str]
    """The kubeconfig, YAML; a secret."""
    kubeconfig_path: pulumi.Output[str]
    """The file that holds it, once it does."""

    nodepools: pulumi.Output[dict[str, Any]]
    """None: it has one node."""
    monthly_cost: pulumi.Output[str]
    """In words."""

    def __init__(self, name: str, args: LocalClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("LocalCluster", name, opts)
        child_opts = pulumi.ResourceOptions(parent=self)

        create = create_command(args.cluster, args.api_port, args.http_port)
        cluster = local.Command(
            f"{name}-cluster",
            create=shlex.join(create),
            update="true",  # without it a change of `delete` alone would run `create` on the running cluster
            delete=shlex.join(["k3d", "cluster", "delete", args.cluster]),
            triggers=[create],
            # Both clusters would have the same name and ports.
            opts=pulumi.ResourceOptions.merge(child_opts, pulumi.ResourceOptions(delete_before_replace=True)),
        )
        kubeconfig = local.Command(
            f"{name}-kubeconfig",
            create=shlex.join(["k3d", "kubeconfig", "get", args.cluster]),
            triggers=[cluster.id],
            logging=local.Logging.NONE,
            opts=pulumi.ResourceOptions.merge(
                child_opts, pulumi.ResourceOptions(additional_secret_outputs=["stdout"], depends_on=[cluster])
            ),
        )

        self.cluster_id = cluster.id
        self.endpoint = cluster.id.apply(lambda _: f"https://127.0.0.1:{args.api_port}")
        minted: pulumi.Output[str] = pulumi.Output.secret(kubeconfig.stdout)
        self.kubeconfig = minted.apply(lambda text: named(text, args.identity.ref))
        self.kubeconfig_path = saved(args.file, minted, args.identity)
        self.provider = kubernetes_provider(f"{name}-provider", self.kubeconfig, args.cluster, self)
        self.annotations: Mapping[str, pulumi.Input[str]] = {}
        self.traffic_pool = None
        self.foundations: Sequence[pulumi.Resource] = [self]
        self.address = pulumi.Output.from_input(f"localhost:{args.http_port}")
        self.nodepools = pulumi.Output.from_input({})
        self.monthly_cost = pulumi.Output.from_input("nothing: it runs on this machine")
        self.register_outputs(
            {
                "cluster_id": self.cluster_id,
                "endpoint": self.endpoint,
                "kubeconfig": self.kubeconfig,
                "kubeconfig_path": self.kubeconfig_path,
                "nodepools": self.nodepools,
                "monthly_cost": self.monthly_cost,
            }
        )

    def drain_before(self, *resources: pulumi.Resource) -> None:
        """Nothing: what is in the cluster costs nothing, and goes with it."""


def create_command(cluster: str, api_port: int, http_port: int) -> list[str]:
    """The tutorial's command, with the API on loopback only."""
    return [
        *["k3d", "cluster", "create", cluster],
        *["--k3s-arg", "--disable=traefik@server:0"],
        *["--api-port", f"127.0.0.1:{api_port}"],
        *["--port", f"127.0.0.1:{http_port}:80@loadbalancer"],
    ]
