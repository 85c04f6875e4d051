"""Installs a chart with Helm into a namespace of its own, so that a destroy and a replaced cluster can uninstall it."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from .ingress.host import IngressHost
from .ingress.service import Chart


def in_namespace(cluster: IngressHost, namespace: str) -> pulumi.Output[str]:
    """Returns a namespace's name that depends on the cluster.

    Before the engine deletes a cluster to replace it, it diffs each dependent with unknown values in place of the
    cluster's. What is in a namespace derived from the cluster's id is replaced then, so it is deleted while the old
    cluster still answers (docs/adr/0004).
    """
    return cluster.cluster_id.apply(lambda _: namespace)


def helm_release(
    name: str,
    cluster: IngressHost,
    chart: Chart,
    values: Mapping[str, Any],
    timeout_seconds: int,
    opts: pulumi.ResourceOptions,
) -> kubernetes.helm.v3.Release:
    """Installs a chart. The caller passes the release to the cluster's `drain_before`.

    Args:
        name: name of the release and of its namespace, which Helm creates; the resource is `<name>-release`.
        cluster: cluster to install into.
        chart: the chart.
        values: values for the chart.
        timeout_seconds: how long an install waits for its pods, and an uninstall for their removal.
        opts: options of the resource.
    """
    return kubernetes.helm.v3.Release(
        f"{name}-release",
        name=name,
        namespace=in_namespace(cluster, name),
        create_namespace=True,
        chart=chart.name,
        repository_opts=kubernetes.helm.v3.RepositoryOptsArgs(repo=chart.repository),
        version=chart.version,
        values={**values},
        timeout=timeout_seconds,
        opts=pulumi.ResourceOptions.merge(
            opts,
            # Another chart may have other objects of the same names.
            pulumi.ResourceOptions(replace_on_changes=["chart"], delete_before_replace=True),
        ),
    )
