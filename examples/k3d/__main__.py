"""A cluster in Docker on this machine, by k3d, with the same ingress controller."""

from pathlib import Path

import pulumi
from exoscale_sks import IngressController, LocalCluster, LocalClusterArgs
from exoscale_sks.identity import Identity

identity = Identity(pulumi.get_project(), pulumi.get_stack(), owner="nobody")
cluster = LocalCluster("local", LocalClusterArgs(identity, Path(".kube/local.yaml").absolute()))
ingress = IngressController("ingress", cluster)
pulumi.export("kubeconfig", cluster.kubeconfig)
pulumi.export("address", ingress.address)
