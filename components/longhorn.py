"""Longhorn: replicated volumes on the nodes' own disks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi
import pulumi_kubernetes as kubernetes

from . import catalogue
from .checks import DAY, Checks
from .component import Component
from .ingress.controller import installed
from .ingress.host import TrafficPool
from .ingress.service import Chart
from .pool_args import PoolArgs
from .release import helm_release, whose
from .steps import ReleasePlaceStep

OFFICIAL = Chart("longhorn", "https://charts.longhorn.io", "1.12.1")
NAMESPACE = "longhorn-system"
MOST_REPLICAS = 20  # docs/plugins.md, Longhorn
_USUAL_REPLICAS = 3


@dataclass(frozen=True)
class LonghornArgs:
    """Arguments of a Longhorn.

    Args:
        replicas: copies of each volume, each on a node of its own. None: one per node, at most 3.
        default_class: whether claims that name no StorageClass get a volume of Longhorn.
        chart: chart to install instead of the official one.
        timeout_seconds: how long an install waits for the pods, and an uninstall for the job that removes them.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    replicas: int | None = None
    default_class: bool = True
    chart: Chart | None = None
    timeout_seconds: int = 600

    def __post_init__(self) -> None:
        checks = Checks()
        if self.replicas is not None:
            checks.number("replicas", self.replicas, 1, MOST_REPLICAS)
        checks.switch("default_class", self.default_class)
        checks.number("timeout_seconds", self.timeout_seconds, 1, DAY)
        checks.finish()

    @property
    def installed_chart(self) -> Chart:
        """The chart to install."""
        return self.chart or OFFICIAL

    def check_nodes(self, checks: Checks, pools: Mapping[str, PoolArgs]) -> None:
        """Checks that every replica finds a node of its own."""
        nodes = storage_nodes(pools)
        if not nodes:
            checks.note("replicas", "need a node; allowed: a nodepool with nodes and without a taint that repels pods")
        elif self.replicas is not None and self.replicas > nodes:
            checks.note(
                "replicas",
                f"is {self.replicas}; allowed: a whole number from 1 to {nodes}, because each needs a node of its own "
                "that takes any pod",
            )

    def replicas_on(self, pools: Mapping[str, PoolArgs]) -> int:
        """The number of replicas in a cluster of these nodepools."""
        return min(_USUAL_REPLICAS, storage_nodes(pools)) if self.replicas is None else self.replicas


class LonghornHost(Protocol):
    """A cluster that Longhorn can be installed into: a Cluster."""

    provider: kubernetes.Provider
    """Provider to install with."""
    cluster_id: pulumi.Output[str]
    """The cluster's id."""
    foundations: Sequence[pulumi.Resource]
    """Resources that have to outlive it."""

    @property
    def pools(self) -> Mapping[str, PoolArgs]:
        """The nodepools by name."""

    @property
    def traffic_pool(self) -> TrafficPool:
        """Tells whose the cluster is."""

    def drain_before(self, *resources: pulumi.Resource) -> None:
        """On a destroy, drain the cluster before deleting these resources."""


class Longhorn(Component):
    """A Helm release of Longhorn in the namespace `longhorn-system`; a cluster has one.

    Its volumes are on the nodes' disks and go with the nodes. So a drain counts them as data (`storage.on-destroy`),
    and an `up` is refused that would take the last replica of one, or Longhorn itself, away.

    If the whole cluster goes, Helm does not uninstall it first: the chart does that by a job, and nobody may wait for a
    job where no node may run one any more (docs/adr/0017).

    Args:
        name: component name; also the release's name.
        cluster: the Cluster to install into.
        args: how to install it.
        opts: component options.

    Raises:
        Invalid: the nodepools have fewer nodes than a volume has replicas.
    """

    status: pulumi.Output[str]
    """Helm's status of the release, such as `deployed`; `failed` is an error of the run."""

    def __init__(
        self,
        name: str,
        cluster: LonghornHost,
        args: LonghornArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        args = args or LonghornArgs()
        checks = Checks()
        args.check_nodes(checks, cluster.pools)
        checks.finish()
        inside = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[*cluster.foundations])
        super().__init__("Longhorn", name, pulumi.ResourceOptions.merge(inside, opts))
        for pool in low_memory(cluster.pools):
            kind = cluster.pools[pool].instance_type
            pulumi.warn(f"nodepools.{pool}.instance-type is {kind}: Longhorn wants nodes of 4 GiB and more", self)

        owner = cluster.traffic_pool
        place = ReleasePlaceStep(
            f"{name}-place",
            owner.identity,
            owner.zone,
            cluster.cluster_id,
            namespace=NAMESPACE,
            release=name,
            opts=pulumi.ResourceOptions(parent=self),
        )
        release = helm_release(
            name,
            cluster,
            args.installed_chart,
            {
                "persistence": {
                    "defaultClass": args.default_class,
                    "defaultClassReplicaCount": args.replicas_on(cluster.pools),
                },
                # Without it the chart's uninstall job fails. What guards the data is the refusal of such an `up`.
                "defaultSettings": {"deletingConfirmationFlag": True},
                "serviceAccount": {"annotations": whose(cluster, "Longhorn")},
            },
            args.timeout_seconds,
            pulumi.ResourceOptions(
                parent=self,
                depends_on=[place],
                deleted_with=cluster if isinstance(cluster, pulumi.Resource) else None,
            ),
            NAMESPACE,
        )
        self.status = release.status.apply(lambda status: installed(status, f"{name}-release"))
        self.register_outputs({"status": self.status})
        cluster.drain_before(release)


def storage_nodes(pools: Mapping[str, PoolArgs]) -> int:
    """Returns the number of nodes that Longhorn's pods can run on; they tolerate no taint."""
    return sum(pool.initial_size for pool in pools.values() if not pool.repels)


def low_memory(pools: Mapping[str, PoolArgs]) -> list[str]:
    """Returns the pools whose nodes have less memory than Longhorn wants."""
    return [
        name
        for name, pool in pools.items()
        if not pool.repels and pool.instance_type.rpartition(".")[2] in catalogue.SIZES_UNDER_4_GIB
    ]
