"""A cluster on this machine, made by k3d in Docker."""

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
NAME = Form(r"[a-z0-9-]{1,32}", "at most 32 lower-case letters, digits or hyphens; the stack's name is part of it")


@dataclass(frozen=True)
class LocalClusterArgs:
    """Arguments of a LocalCluster.

    Args:
        identity: the stack it belongs to; the k3d cluster and the kubeconfig's entries are named after project and
            stack.
        file: kubeconfig file to write; entries of others in it stay.
        api_port: port of this machine for the Kubernetes API.
        http_port: port of this machine for the ingress controller's port 80.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
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
        """Name of the k3d cluster."""
        return self.identity.name("k3d")


class LocalCluster(Component):
    """A k3d cluster without k3s' own Traefik, as the tutorial makes it. Needs Docker and k3d."""

    cluster_id: pulumi.Output[str]
    """Changes when the cluster is replaced."""
    endpoint: pulumi.Output[str]
    """URL of the Kubernetes API."""
    kubeconfig: pulumi.Output[str]
    """The kubeconfig, as YAML; a secret."""
    kubeconfig_path: pulumi.Output[str]
    """Path of the kubeconfig file, known once it is written."""
    nodepools: pulumi.Output[dict[str, Any]]
    """Empty: its only node is in no nodepool."""
    monthly_cost: pulumi.Output[str]
    """Says that it costs nothing."""

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
            # The old and the new cluster would have the same name and ports.
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
        """Does nothing: what is in the cluster costs nothing and is deleted with it."""


def create_command(cluster: str, api_port: int, http_port: int) -> list[str]:
    """The tutorial's command, with the API on loopback only."""
    return [
        *["k3d", "cluster", "create", cluster],
        *["--k3s-arg", "--disable=traefik@server:0"],
        *["--api-port", f"127.0.0.1:{api_port}"],
        *["--port", f"127.0.0.1:{http_port}:80@loadbalancer"],
    ]
