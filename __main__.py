"""The stack's table of contents: settings, cluster, ingress controller, outputs."""

import shlex

import pulumi

import configuration.packages  # noqa: F401 - first: it names what is missing
from components.cluster import Cluster
from components.gitops import TOOLS, GitOps
from components.ingress import IngressController
from components.kubeconfig_entries import entry_name
from components.leaving import leave_exoscale
from components.local_cluster import LocalCluster
from components.protection import protect_everything
from configuration.settings import K3D, load

settings = load()
if settings.cluster.protect:
    protect_everything()

cluster: Cluster | LocalCluster
if settings.local:
    leave_exoscale(settings.cluster, K3D)
    cluster = LocalCluster("local", settings.local)
else:
    cluster = Cluster("sks", settings.cluster)
ingress = IngressController("ingress", cluster, settings.ingress) if settings.ingress else None
if settings.gitops:
    GitOps(TOOLS[settings.gitops.tool].namespace, cluster, settings.gitops)

pulumi.export("endpoint", cluster.endpoint)
pulumi.export("kubeconfig", cluster.kubeconfig)
pulumi.export("kubeconfig_path", cluster.kubeconfig_path)
pulumi.export(
    "connect",
    # The file's current context may be somebody else's.
    cluster.kubeconfig_path.apply(
        lambda path: (
            f"export KUBECONFIG={shlex.quote(path)}; "
            f"kubectl config use-context {entry_name(settings.cluster.identity.ref)} && kubectl cluster-info"
        )
    ),
)
pulumi.export("ingress_ip", ingress.address if ingress else None)
pulumi.export("nodepools", cluster.nodepools)
pulumi.export("monthly_cost", cluster.monthly_cost)
