"""The tutorial's stack, written the way people write it: no NLB of its own, the CCM owns the load balancer.

These programs are the control of the experiment: on the same sandbox they get stuck or leak where ours does not.
"""

from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes
import pulumiverse_exoscale as exoscale

ZONE = "ch-gva-2"
PREFIX = "service.beta.kubernetes.io/exoscale-loadbalancer-"


@dataclass
class Classic:
    """A cluster, a pool and an ingress controller from a local chart.

    Args:
        chart: folder of the chart.
        kubeconfig_file: None: the provider takes the kubeconfig as data, so the release depends on the cluster.
            A path: the provider reads that file, as the tutorial's Terraform does, and nothing is ordered.
        with_ingress: False leaves the release out (the file must exist before a provider can read it).
        timeout: seconds that Helm waits, at install and at uninstall.
    """

    chart: Path
    kubeconfig_file: Path | None = None
    with_ingress: bool = True
    timeout: int = 60

    def __call__(self) -> None:
        cluster = exoscale.SksCluster("classic", zone=ZONE, service_level="starter")
        pool = exoscale.SksNodepool(
            "classic", cluster_id=cluster.id, zone=ZONE, instance_type="standard.small", size=1, disk_size=20
        )
        kubeconfig = exoscale.SksKubeconfig(
            "classic", cluster_id=cluster.id, zone=ZONE, user="admin", groups=["system:masters"]
        )
        pulumi.export("kubeconfig", kubeconfig.kubeconfig)
        pulumi.export("cluster", cluster.id)
        pulumi.export("pool", pool.instance_pool_id)
        if self.with_ingress:
            self._ingress(cluster, kubeconfig)

    def _ingress(self, cluster: exoscale.SksCluster, kubeconfig: exoscale.SksKubeconfig) -> None:
        provider = kubernetes.Provider(
            "classic",
            kubeconfig=str(self.kubeconfig_file) if self.kubeconfig_file else kubeconfig.kubeconfig,
            cluster_identifier=None if self.kubeconfig_file else cluster.id,
        )
        kubernetes.helm.v3.Release(
            "ingress",
            chart=str(self.chart),
            name="ingress",
            namespace="ingress",
            create_namespace=True,
            timeout=self.timeout,
            values={"controller": {"kind": "daemonset"}},
            opts=pulumi.ResourceOptions(provider=provider),
        )
