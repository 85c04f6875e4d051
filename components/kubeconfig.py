"""The kubeconfig for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumiverse_exoscale as exoscale

from .component import Component
from .identity import Identity
from .kubeconfig_entries import KubeconfigRefused, named
from .kubeconfig_file import save


@dataclass(frozen=True)
class KubeconfigArgs:
    """Arguments of a Kubeconfig.

    Args:
        identity: the stack it belongs to; cluster, user and context are named after project and stack.
        cluster_id: SKS cluster to give access to.
        zone: the cluster's zone.
        file: file to write; entries of others in it stay.
        user: user name in the certificate.
        groups: the user's groups; `system:masters` may do everything.
        ttl_seconds: how long the certificate is valid.
        early_renewal_seconds: how long before the certificate expires an `up` renews it.
    """

    identity: Identity
    cluster_id: pulumi.Input[str]
    zone: pulumi.Input[str]
    file: Path
    user: pulumi.Input[str] = "kubernetes-admin"
    groups: Sequence[pulumi.Input[str]] = ("system:masters",)
    ttl_seconds: pulumi.Input[int] = 2592000
    early_renewal_seconds: pulumi.Input[int] = 604800


class Kubeconfig(Component):
    """A kubeconfig with a short-lived client certificate, written to a file that only its owner can read.

    Nobody can revoke it: it is valid until it expires or the cluster is gone (docs/exoscale.md, Kubeconfigs).
    """

    content: pulumi.Output[str]
    """The kubeconfig, as YAML; a secret."""
    path: pulumi.Output[str]
    """Path of the kubeconfig file, known once it is written."""

    def __init__(self, name: str, args: KubeconfigArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Kubeconfig", name, opts)
        child_opts = pulumi.ResourceOptions(parent=self)

        kubeconfig = exoscale.SksKubeconfig(
            f"{name}-kubeconfig",
            cluster_id=args.cluster_id,
            zone=args.zone,
            user=args.user,
            groups=list(args.groups),
            ttl_seconds=args.ttl_seconds,
            early_renewal_seconds=args.early_renewal_seconds,
            opts=child_opts,
        )

        minted: pulumi.Output[str] = pulumi.Output.secret(kubeconfig.kubeconfig)
        self.content = minted.apply(lambda text: named(text, args.identity.ref))
        self.path = saved(args.file, minted, args.identity)
        self.register_outputs({"content": self.content, "path": self.path})


def saved(file: Path, minted: pulumi.Output[str], identity: Identity) -> pulumi.Output[str]:
    """Returns the file's path once an update has written the stack's entries to it. A preview writes nothing."""

    def write(text: str) -> str:
        if not pulumi.runtime.is_dry_run():
            try:
                save(file, text, identity.ref)
            except KubeconfigRefused as refusal:
                raise pulumi.RunError(
                    f"the kubeconfig's file {file} {refusal}. Next: run the same command again"
                ) from None
        return str(file)

    return pulumi.Output.unsecret(minted.apply(write))
