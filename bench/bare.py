"""A bare program: the same resources without our steps, in the order of their values, and an NLB that the CCM makes."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes
import pulumiverse_exoscale as exoscale

from components.firewall import ANYWHERE, rules

ZONE = "ch-gva-2"
CNI = "calico"


@dataclass(frozen=True)
class Bare:
    """Cluster, nodepool with its groups, kubeconfig and ingress controller.

    Args:
        chart: folder of the ingress controller's chart.
    """

    chart: str

    def __call__(self) -> None:
        cluster = exoscale.SksCluster("bare", zone=ZONE, service_level="starter", cni=CNI, exoscale_csi=True)
        group = exoscale.SecurityGroup("bare")
        for rule in rules(CNI, open_node_ports=True):
            exoscale.SecurityGroupRule(
                rule.name,
                security_group_id=group.id,
                type="INGRESS",
                protocol=rule.protocol,
                start_port=rule.ports[0],
                end_port=rule.ports[1],
                cidr=ANYWHERE if rule.source == "anywhere" else None,
                user_security_group_id=group.id if rule.source == "itself" else None,
            )
        apart = exoscale.AntiAffinityGroup("bare")
        pool = exoscale.SksNodepool(
            "bare",
            cluster_id=cluster.id,
            zone=ZONE,
            instance_type="standard.small",
            size=2,
            disk_size=20,
            security_group_ids=[group.id],
            anti_affinity_group_ids=[apart.id],
        )
        access = exoscale.SksKubeconfig(
            "bare", cluster_id=cluster.id, zone=ZONE, user="admin", groups=["system:masters"]
        )
        provider = kubernetes.Provider("bare", kubeconfig=access.kubeconfig, cluster_identifier=cluster.id)
        kubernetes.helm.v3.Release(
            "ingress",
            chart=self.chart,
            name="ingress",
            namespace="ingress",
            create_namespace=True,
            values={"controller": {"kind": "daemonset"}},
            # Without this the engine deletes the nodepool first, which the NLB locks.
            opts=pulumi.ResourceOptions(provider=provider, depends_on=[pool]),
        )
