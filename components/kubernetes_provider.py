"""Access to a cluster, for what a program puts into it."""

import pulumi
import pulumi_kubernetes as kubernetes


def kubernetes_provider(
    name: str, kubeconfig: pulumi.Output[str], cluster: str, parent: pulumi.Resource
) -> kubernetes.Provider:
    """A provider that lives as long as its cluster.

    Args:
        name: of the resource.
        kubeconfig: YAML.
        cluster: changes when the cluster is another one, and then all that is in it is replaced.
        parent: the component that it belongs to.
    """
    # The identifier keeps a renewed kubeconfig from replacing all that is in the cluster, and the trigger does so when
    # the cluster is another one. What the identifier said at first, it says for ever: earlier programs put the stack's
    # name into it, and a stack may be renamed. Never delete_unreachable: the plugin takes a refused credential for an
    # unreachable cluster and would forget what lives (docs/plugins.md, Unreachable clusters).
    return kubernetes.Provider(
        name,
        kubeconfig=kubeconfig,
        cluster_identifier=cluster,
        opts=pulumi.ResourceOptions(
            parent=parent,
            ignore_changes=["clusterIdentifier"],
            replacement_trigger=cluster,
            # As it was called before it belonged to a component.
            aliases=[pulumi.Alias(name="cluster", parent=pulumi.ROOT_STACK_RESOURCE)],
        ),
    )
