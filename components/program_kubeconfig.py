"""The kubeconfig that programs use."""

from dataclasses import dataclass

import pulumi
import yaml

from .component import Component
from .identity import Identity
from .plugin_script import FILE
from .steps import ProgramKubeconfigStep

# Relative, for it stands in the state: a destroy may run in another clone on another machine. The Kubernetes plugin
# runs in the project's folder.
_PLUGIN = ("sh", FILE)


@dataclass(frozen=True)
class ProgramKubeconfigArgs:
    """Arguments of a ProgramKubeconfig.

    Args:
        identity: whose cluster it is, with a StackId's id. Its stack's configuration may hold the API key; its
            organisation is the one whose key has to be used.
        zone: the cluster's zone.
        cluster_id: SKS cluster that it gives access to.
        kubeconfig: any kubeconfig of the cluster; server and authority are taken from it.
    """

    identity: Identity
    zone: str
    cluster_id: pulumi.Input[str]
    kubeconfig: pulumi.Input[str]


class ProgramKubeconfig(Component):
    """A kubeconfig without a credential in it: whoever uses it mints one that lives for minutes.

    A stack can be destroyed long after every certificate in its state has expired, and its state opens no cluster.

    It is a resource of its own, for a preview does not know the given kubeconfig while that is renewed. This one stays
    what it was as long as the cluster does, so the preview announces no change of what is in the cluster.
    """

    content: pulumi.Output[str]
    """The kubeconfig, YAML; no secret."""

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
