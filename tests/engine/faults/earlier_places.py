"""The program as it was before there was a Cluster: its parts stood at the root of the stack, under other types.

Run as its `with` block says, the program of today records what that one did, so that states of before can be made.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pulumi
import pulumi_kubernetes as kubernetes

from components.component import Component


@contextmanager
def earlier_places() -> Iterator[None]:
    """Within it the program registers its parts where they were."""
    with (
        patch.object(Component, "__init__", _registered),
        patch("components.cluster.kubernetes_provider", _provider),
    ):
        yield


def _registered(self: Component, kind: str, name: str, opts: pulumi.ResourceOptions | None) -> None:
    at_the_root = pulumi.ResourceOptions.merge(opts, None)
    at_the_root.parent = None
    pulumi.ComponentResource.__init__(self, f"exoscale-sks:components:{kind}", name, None, at_the_root)


def _provider(name: str, kubeconfig: Any, cluster: str, parent: pulumi.Resource) -> kubernetes.Provider:
    opts = pulumi.ResourceOptions(ignore_changes=["clusterIdentifier"], replacement_trigger=cluster)
    return kubernetes.Provider("cluster", kubeconfig=kubeconfig, cluster_identifier=cluster, opts=opts)
