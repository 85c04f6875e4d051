"""An ingress controller of one's own: any Helm chart, behind the cluster's load balancer."""

import pulumi
import pulumi_kubernetes as kubernetes
from exoscale_sks import Cluster, ClusterArgs

config = pulumi.Config()
cluster = Cluster("blue", ClusterArgs())
release = kubernetes.helm.v3.Release(
    "haproxy",
    # The NLB is for the release and namespace `ingress`; the cluster refuses the Services of others that would take it.
    name="ingress",
    namespace="ingress",
    create_namespace=True,
    chart=config.get("chart") or "oci://ghcr.io/haproxytech/helm-charts/kubernetes-ingress",
    values={
        "controller": {
            "service": {
                "type": "LoadBalancer",
                "externalTrafficPolicy": "Local",
                "annotations": cluster.annotations,
            },
        },
    },
    # What the release needs goes after it on a destroy, and the drain before it.
    opts=pulumi.ResourceOptions(provider=cluster.provider, depends_on=[*cluster.foundations]),
)
cluster.drain_before(release)
pulumi.export("address", cluster.address)
