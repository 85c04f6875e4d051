"""The managed Kubernetes control plane."""

from dataclasses import dataclass

import pulumi
import pulumiverse_exoscale as exoscale

from .component import Component
from .identity import Identity
from .teardown.ttl import NO_TTL, TTL


@dataclass(frozen=True)
class ControlPlaneArgs:
    """Arguments of a ControlPlane.

    Args:
        identity: the stack it belongs to.
        zone: Exoscale zone.
        level: service level, `starter` or `pro`.
        cni: network plugin, `calico` or `cilium`.
        version: Kubernetes version; None takes the newest when the cluster is created and keeps it.
        ttl: how long the stack lives after an `up`, for `exoscale-sks reap`; `none` for ever.
        csi: whether to install Exoscale's block storage driver. It cannot be removed again (docs/plugins.md, Updates
            that send nothing), so a cluster that has it keeps it.
    """

    identity: Identity
    zone: pulumi.Input[str]
    level: pulumi.Input[str] = "starter"
    cni: pulumi.Input[str] = "calico"
    version: pulumi.Input[str] | None = None
    csi: bool = False
    ttl: str = NO_TTL


class ControlPlane(Component):
    """An SKS cluster without nodes, with Exoscale's cloud controller manager and the metrics server."""

    cluster_id: pulumi.Output[str]
    """Id of the SKS cluster."""
    endpoint: pulumi.Output[str]
    """URL of the Kubernetes API."""

    def __init__(self, name: str, args: ControlPlaneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ControlPlane", name, opts)
        child_opts = pulumi.ResourceOptions(parent=self)

        cluster = exoscale.SksCluster(
            f"{name}-cluster",
            name=args.identity.name(name),
            description=args.identity.describe("Control plane"),
            labels={**args.identity.labels, **({} if args.ttl == NO_TTL else {TTL: args.ttl})},
            zone=args.zone,
            service_level=args.level,
            cni=args.cni,
            version=args.version,
            exoscale_ccm=True,
            metrics_server=True,
            exoscale_csi=args.csi,
            # On a change of these two the plugin sends nothing and reports success, at every `up`
            # (docs/plugins.md, Updates that send nothing), so only a replacement applies it.
            opts=pulumi.ResourceOptions.merge(
                child_opts,
                pulumi.ResourceOptions(
                    replace_on_changes=["serviceLevel", "cni"],
                    delete_before_replace=True,
                    # A cluster that has the driver keeps it: the plugin fails every `up` that would remove it.
                    ignore_changes=[] if args.csi else ["exoscaleCsi"],
                ),
            ),
        )

        self.cluster_id = cluster.id
        self.endpoint = cluster.endpoint.apply(_url)
        self.register_outputs({"cluster_id": self.cluster_id, "endpoint": self.endpoint})


def _url(endpoint: str) -> str:
    """Adds the scheme: since October 2025 the API returns a bare host name (docs/exoscale.md, Clusters)."""
    return endpoint if "://" in endpoint else f"https://{endpoint}:443"
