"""The kubeconfig that people use."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumiverse_exoscale as exoscale
import yaml

# Relative, for it stands in the state: a destroy may run in another clone on another machine. The Kubernetes plugin
# runs in the project's folder.
_TEARDOWN = ("sh", "teardown/run.sh")


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

    Exoscale cannot revoke it: it stays valid until its time is over or the cluster is gone (facts §3).
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


def on_demand(
    kubeconfig: pulumi.Output[str],
    cluster_id: pulumi.Input[str],
    zone: str,
    stack: str,
    organization_id: pulumi.Input[str] = "",
) -> pulumi.Output[str]:
    """A kubeconfig for programs, without a credential in it: whoever uses it mints one that lives for minutes.

    A stack can be destroyed long after every certificate in its state is over, and its state opens no cluster. Server
    and authority are those of the given kubeconfig.

    Args:
        kubeconfig: any kubeconfig of the cluster.
        stack: the Pulumi stack, whose configuration may hold the API key.
        organization_id: the organisation that the stack lives in, whose key has to be used; empty takes any key.
    """

    def rewritten(values: list[str]) -> str:
        content, cluster, organization = yaml.safe_load(values[0]), values[1], values[2]
        command, *arguments = [*_TEARDOWN, "credential", "--zone", zone, "--cluster", cluster, "--stack", stack]
        arguments += ["--organization", organization] if organization else []
        plugin = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": command,
            "args": arguments,
            "interactiveMode": "Never",
        }
        content["users"] = [{"name": user["name"], "user": {"exec": plugin}} for user in content["users"]]
        return str(yaml.safe_dump(content, sort_keys=False))

    return pulumi.Output.unsecret(pulumi.Output.all(kubeconfig, cluster_id, organization_id).apply(rewritten))
