"""A cluster on this machine, in Docker, by k3d."""

import shlex
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_command import local

from .identity import Identity
from .kubeconfig import saved
from .kubeconfig_entries import named


@dataclass(frozen=True)
class LocalClusterArgs:
    """Arguments of a LocalCluster.

    Args:
        identity: whose it is: the kubeconfig's cluster, user and context are called after project and stack.
        cluster: what k3d calls it; 32 lower-case letters, digits and hyphens at most.
        file: where the kubeconfig is written; what others have in it stays.
        api_port: port of this machine that the Kubernetes API gets.
        http_port: port of this machine that the ingress controller's port 80 gets.
    """

    identity: Identity
    cluster: str
    file: Path
    api_port: int = 6550
    http_port: int = 8081


class LocalCluster(pulumi.ComponentResource):
    """A k3d cluster without the Traefik that k3s brings along, as the tutorial makes it. Needs Docker and k3d."""

    cluster_id: pulumi.Output[str]
    """Changes when the cluster is another one."""
    endpoint: pulumi.Output[str]
    """URL of the Kubernetes API."""
    kubeconfig: pulumi.Output[str]
    """The kubeconfig, YAML; a secret."""
    kubeconfig_path: pulumi.Output[str]
    """The file that holds it, once it does."""

    def __init__(self, name: str, args: LocalClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("exoscale-sks:components:LocalCluster", name, None, opts)
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
        self.register_outputs(
            {
                "cluster_id": self.cluster_id,
                "endpoint": self.endpoint,
                "kubeconfig": self.kubeconfig,
                "kubeconfig_path": self.kubeconfig_path,
            }
        )


def create_command(cluster: str, api_port: int, http_port: int) -> list[str]:
    """The tutorial's command, with the API on loopback only."""
    return [
        *["k3d", "cluster", "create", cluster],
        *["--k3s-arg", "--disable=traefik@server:0"],
        *["--api-port", f"127.0.0.1:{api_port}"],
        *["--port", f"127.0.0.1:{http_port}:80@loadbalancer"],
    ]
