"""The kubeconfig for programs."""

from dataclasses import dataclass

import pulumi
import yaml

from .component import Component
from .identity import Identity
from .plugin_script import FILE
from .steps import ProgramKubeconfigStep

# Relative, because the state records it and a destroy may run in another clone on another machine. The Kubernetes
# plugin runs in the project's folder.
_PLUGIN = ("sh", FILE)


@dataclass(frozen=True)
class ProgramKubeconfigArgs:
    """Arguments of a ProgramKubeconfig.

    Args:
        identity: the stack that owns the cluster, with the id from a StackId. The stack's configuration may hold the
            API key, which has to belong to the stack's organisation.
        zone: the cluster's zone.
        cluster_id: SKS cluster to give access to.
        kubeconfig: any kubeconfig of the cluster; server and authority are taken from it.
    """

    identity: Identity
    zone: str
    cluster_id: pulumi.Input[str]
    kubeconfig: pulumi.Input[str]


class ProgramKubeconfig(Component):
    """A kubeconfig without a credential: each client that uses it gets one that is valid for minutes.

    So a stack can be destroyed long after any certificate would have expired, and its state gives nobody access.

    It is a resource of its own because a preview does not know the given kubeconfig while that is being renewed. This
    one stays the same as long as the cluster does, so the preview announces no change to what is in the cluster.
    """

    content: pulumi.Output[str]
    """The kubeconfig, as YAML; not a secret."""

    def __init__(self, name: str, args: ProgramKubeconfigArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ProgramKubeconfig", name, opts)
        step = ProgramKubeconfigStep(
            f"{name}-kubeconfig",
            args.identity,
            args.zone,
            args.cluster_id,
            _on_demand(args),
            pulumi.ResourceOptions(parent=self),
        )
        self.content = step.kubeconfig
        self.register_outputs({"content": self.content})


def _on_demand(args: ProgramKubeconfigArgs) -> pulumi.Output[str]:
    def rewritten(values: list[str]) -> str:
        content, cluster, organization = yaml.safe_load(values[0]), values[1], values[2]
        command, *arguments = [*_PLUGIN, "credential", "--zone", args.zone, "--cluster", cluster]
        arguments += ["--stack", args.identity.stack]
        arguments += ["--organization", organization] if organization else []
        plugin = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": command,
            "args": arguments,
            "interactiveMode": "Never",
        }
        content["users"] = [{"name": user["name"], "user": {"exec": plugin}} for user in content["users"]]
        return str(yaml.safe_dump(content, sort_keys=False))

    known = pulumi.Output.all(args.kubeconfig, args.cluster_id, args.identity.organization_id)
    return pulumi.Output.unsecret(known.apply(rewritten))
