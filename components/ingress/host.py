"""Where an ingress controller is installed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pulumi
import pulumi_kubernetes as kubernetes

from ..identity import Identity


@dataclass(frozen=True)
class TrafficPool:
    """The nodepool that the load balancer sends the controller's traffic to.

    Args:
        identity: the stack it belongs to, with the id from a StackId.
        zone: Exoscale zone of the cluster.
        name: what the settings call the pool.
        nodepool_id: SKS nodepool.
        instance_pool_id: the instance pool behind it.
        size: how many nodes it is to have; with another number the pods are looked for again.
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
    """Access to it."""
    cluster_id: pulumi.Output[str]
    """Its id; before the cluster is replaced, the controller is uninstalled from it."""
    foundations: Sequence[pulumi.Resource]
    """What has to outlive the controller: its pods and its Service's finalizer need the nodes and the load balancer
    until they are gone."""

    @property
    def annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """Annotations of the controller's Service."""

    @property
    def address(self) -> pulumi.Output[str] | None:
        """The load balancer's address where it is known beforehand; None reads it from the Service, when the cloud
        controller manager has put it there. Whether it is given says whose the load balancer is: when that changes, the
        release is installed anew."""

    @property
    def traffic_pool(self) -> TrafficPool | None:
        """Where the pods run, whatever taints it has; that none gets ready there is an error. None leaves the place to
        the chart."""

    def drain_before(self, *resources: pulumi.Resource) -> None:
        """On a destroy, drain the cluster before these are deleted."""


@dataclass
class OtherCluster:
    """A cluster that no component of ours made. Its load balancers are for its own destroy to look after.

    Args: see IngressHost.
    """

    provider: kubernetes.Provider
    cluster_id: pulumi.Output[str] = field(default_factory=lambda: pulumi.Output.from_input(""))
    foundations: Sequence[pulumi.Resource] = ()
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    address: pulumi.Output[str] | None = None
    traffic_pool: TrafficPool | None = None

    def drain_before(self, *resources: pulumi.Resource) -> None:
        """Nothing: no drain of ours looks after it."""
