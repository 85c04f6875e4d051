"""A cluster with an ingress controller, that a destroy removes without leftovers."""

import pulumi
from exoscale_sks import Cluster, ClusterArgs, IngressController

cluster = Cluster("blue", ClusterArgs(zone="ch-gva-2"))
ingress = IngressController("ingress", cluster)

pulumi.export("kubeconfig", cluster.kubeconfig)
pulumi.export("ingress_ip", ingress.address)
