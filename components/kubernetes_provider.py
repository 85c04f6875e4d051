"""The Kubernetes provider through which a program installs things into a cluster."""

import pulumi
import pulumi_kubernetes as kubernetes


def kubernetes_provider(
    name: str, kubeconfig: pulumi.Output[str], cluster: str, parent: pulumi.Resource
) -> kubernetes.Provider:
    """Makes a provider that lives as long as its cluster.

    Args:
        name: resource name.
        kubeconfig: the kubeconfig, as YAML.
        cluster: changes when the cluster is replaced; everything in the cluster is then replaced too.
        parent: the component it belongs to.
    """
    # The identifier keeps a renewed kubeconfig from replacing everything in the cluster; the trigger replaces it when
    # the cluster is replaced. The identifier never changes: earlier programs put the stack's name into it, and a stack
    # may be renamed. Never set delete_unreachable: the plugin takes a refused credential for an unreachable cluster and
    # would drop live resources from the state (docs/plugins.md, Unreachable clusters).
    return kubernetes.Provider(
        name,
        kubeconfig=kubeconfig,
        cluster_identifier=cluster,
        opts=pulumi.ResourceOptions(
            parent=parent,
            ignore_changes=["clusterIdentifier"],
            replacement_trigger=cluster,
            # Its name before it belonged to a component.
            aliases=[pulumi.Alias(name="cluster", parent=pulumi.ROOT_STACK_RESOURCE)],
        ),
    )
