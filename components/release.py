"""Installs a chart with Helm into a namespace of its own, so that a destroy and a replaced cluster can uninstall it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import pulumi
import pulumi_kubernetes as kubernetes

if TYPE_CHECKING:
    from .ingress.host import TrafficPool  # which needs this module
    from .ingress.service import Chart

STACK = "exoscale-sks/stack"  # annotation of something in a release that has no other place for whose it is


class Host(Protocol):
    """A cluster that something is installed into."""

    @property
    def cluster_id(self) -> pulumi.Output[str]:
        """The cluster's id."""

    @property
    def traffic_pool(self) -> "TrafficPool | None":
        """Tells whose the cluster is; None for one that is no stack's of ours."""


def within(cluster: Host, name: str) -> pulumi.Output[str]:
    """Returns the name of a namespace or object, derived from the cluster's id.

    Before the engine deletes a cluster to replace it, it diffs each dependent with unknown values in place of the
    cluster's. What has such a name is replaced then, so it is deleted while the old cluster still answers
    (docs/adr/0004).
    """
    return cluster.cluster_id.apply(lambda _: name)


def whose(cluster: Host, what: str) -> dict[str, pulumi.Input[str]]:
    """Returns an annotation for something in a release: `helm_records` forgets a killed install of this stack's only.

    Args:
        what: what is installed, in words.
    """
    pool = cluster.traffic_pool
    return {STACK: pool.identity.describe(what)} if pool else {}


def helm_release(
    name: str,
    cluster: Host,
    chart: "Chart",
    values: Mapping[str, Any],
    timeout_seconds: int,
    opts: pulumi.ResourceOptions,
    namespace: str = "",
) -> kubernetes.helm.v3.Release:
    """Installs a chart. The caller passes the release to the cluster's `drain_before`.

    Args:
        name: name of the release; the resource is `<name>-release`.
        cluster: cluster to install into.
        chart: the chart.
        values: values for the chart.
        timeout_seconds: how long an install waits for its pods, and an uninstall for their removal.
        opts: options of the resource.
        namespace: the release's namespace, which Helm creates. Default: the release's name.
    """
    return kubernetes.helm.v3.Release(
        f"{name}-release",
        name=name,
        namespace=within(cluster, namespace or name),
        create_namespace=True,
        chart=chart.name,
        repository_opts=kubernetes.helm.v3.RepositoryOptsArgs(repo=chart.repository),
        version=chart.version,
        values={**values},
        timeout=timeout_seconds,
        opts=opts,
    )
