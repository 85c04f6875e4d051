"""The cluster and nodepool that an ingress controller is installed into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pulumi
import pulumi_kubernetes as kubernetes

from ..identity import Identity


@dataclass(frozen=True)
class TrafficPool:
    """The nodepool that gets the controller's traffic from the load balancer.

    Args:
        identity: the stack it belongs to, with the id from a StackId.
        zone: Exoscale zone of the cluster.
        name: the pool's name in the settings.
        nodepool_id: SKS nodepool.
        instance_pool_id: the instance pool behind it.
        size: number of nodes in the settings; a change makes it look for the pods again.
    """

    identity: Identity
    zone: str
    name: str
    nodepool_id: pulumi.Input[str]
    instance_pool_id: pulumi.Input[str]
    size: pulumi.Input[int]


class IngressHost(Protocol):
    """A cluster that an ingress controller can be installed into: a Cluster, a LocalCluster or an OtherCluster."""

    provider: kubernetes.Provider
    """Provider to install with."""
    cluster_id: pulumi.Output[str]
    """The cluster's id; the controller is uninstalled before the cluster is replaced."""
    foundations: Sequence[pulumi.Resource]
    """Resources that have to outlive the controller: its pods and its Service's finalizer need the nodes and the load
    balancer until they are gone."""

    @property
    def annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """Annotations of the controller's Service."""

    @property
    def address(self) -> pulumi.Output[str] | None:
        """The load balancer's address if it is known in advance. None: read it from the Service once the cloud
        controller manager has set it. A change between the two changes who owns the load balancer, so it reinstalls the
        release."""

    @property
    def traffic_pool(self) -> TrafficPool | None:
        """Nodepool for the pods, whatever taints it has; it is an error if none gets ready there. None: the chart
        decides."""

    def drain_before(self, *resources: pulumi.Resource) -> None:
        """On a destroy, drain the cluster before deleting these resources."""


@dataclass
class OtherCluster:
    """A cluster that our components did not make. Its own destroy has to take care of its load balancers.

    Args: see IngressHost.
    """

    provider: kubernetes.Provider
    cluster_id: pulumi.Output[str] = field(default_factory=lambda: pulumi.Output.from_input(""))
    foundations: Sequence[pulumi.Resource] = ()
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    address: pulumi.Output[str] | None = None
    traffic_pool: TrafficPool | None = None

    def drain_before(self, *resources: pulumi.Resource) -> None:
        """Does nothing: this cluster has no drain of ours."""
