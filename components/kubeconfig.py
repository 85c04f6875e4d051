"""The kubeconfig that people use."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumiverse_exoscale as exoscale


@dataclass(frozen=True)
class KubeconfigArgs:
    """Arguments of a Kubeconfig.

    Args:
        cluster_id: SKS cluster that it gives access to.
        zone: the cluster's zone.
        file: where it is written.
        user: user name in the certificate.
        groups: the user's groups; `system:masters` may do everything.
        ttl_seconds: how long the certificate is valid.
        early_renewal_seconds: how long before its end the next up makes a new one.
    """

    cluster_id: pulumi.Input[str]
    zone: pulumi.Input[str]
    file: Path
    user: pulumi.Input[str] = "kubernetes-admin"
    groups: Sequence[pulumi.Input[str]] = ("system:masters",)
    ttl_seconds: pulumi.Input[int] = 2592000
    early_renewal_seconds: pulumi.Input[int] = 604800


class Kubeconfig(pulumi.ComponentResource):
    """A kubeconfig with a client certificate of limited life, written to a file that only its owner can read.

    Nobody can revoke it: it stays valid until its time is over or the cluster is gone (docs/exoscale.md, Kubeconfigs).
    """

    content: pulumi.Output[str]
    """The kubeconfig, YAML; a secret."""
    path: pulumi.Output[str]
    """The file that holds it, once it does."""

    def __init__(self, name: str, args: KubeconfigArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("exoscale-sks:components:Kubeconfig", name, None, opts)
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

        self.content = pulumi.Output.secret(kubeconfig.kubeconfig)
        self.path = saved(args.file, self.content)
        self.register_outputs({"content": self.content, "path": self.path})


def saved(file: Path, content: pulumi.Output[str]) -> pulumi.Output[str]:
    """The file's path, known when the update has written it. A preview writes nothing."""

    def save(text: str) -> str:
        if not pulumi.runtime.is_dry_run():
            write_private(file, text)
        return str(file)

    return pulumi.Output.unsecret(content.apply(save))


def write_private(file: Path, text: str) -> None:
    """Writes a file that only its owner can read, in one step: a reader sees the old text or the new one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
        os.replace(draft, file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
