"""Two nodepools: one for any pod and the ingress, and a tainted one for batch jobs, sized by an autoscaler."""

import pulumi
from exoscale_sks import Between, Cluster, ClusterArgs, IngressController, PoolArgs

cluster = Cluster(
    "blue",
    ClusterArgs(
        nodepools={
            "web": PoolArgs(size=2),
            "batch": PoolArgs(
                size=Between(min=1, max=5),
                instance_type="standard.medium",
                labels={"workload": "batch"},
                taints={"workload": "batch:NoSchedule"},
            ),
        },
        ingress_nodepool="web",
        csi=True,
        on_destroy="delete",
    ),
)
ingress = IngressController("ingress", cluster)
pulumi.export("nodepools", cluster.nodepools)
pulumi.export("address", ingress.address)
