"""The kubeconfig that people use."""

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
        identity: whose it is: cluster, user and context are called after project and stack.
        cluster_id: SKS cluster that it gives access to.
        zone: the cluster's zone.
        file: where it is written; what others have in it stays.
        user: user name in the certificate.
        groups: the user's groups; `system:masters` may do everything.
        ttl_seconds: how long the certificate is valid.
        early_renewal_seconds: how long before its end the next up makes a new one.
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
    """A kubeconfig with a client certificate of limited life, written to a file that only its owner can read.

    Nobody can revoke it: it stays valid until it expires or the cluster is gone (docs/exoscale.md, Kubeconfigs).
    """

    content: pulumi.Output[str]
    """The kubeconfig, YAML; a secret."""
    path: pulumi.Output[str]
    """The file that holds it, once it does."""

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
    """The file's path, known when the update has written the stack's entries into it. A preview writes nothing."""

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
