"""The stack's table of contents: settings, cluster, ingress controller, demo app, outputs."""

from dataclasses import replace

import pulumi

import configuration.packages  # noqa: F401 - first: it names what is missing
from components.cert_manager import CertManager
from components.cluster import Cluster
from components.demo_app import DemoApp
from components.dns_name import DnsName, DnsNameArgs
from components.gitops import TOOLS, GitOps
from components.ingress import IngressController
from components.kubeconfig_entries import connecting
from components.leaving import leave_exoscale
from components.local_cluster import LocalCluster
from components.longhorn import Longhorn
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
if settings.longhorn and isinstance(cluster, Cluster):
    Longhorn("longhorn", cluster, settings.longhorn)
ingress = IngressController("ingress", cluster, settings.ingress) if settings.ingress else None
certificates = CertManager("cert-manager", cluster, settings.tls) if settings.tls else None
url = demo_url = None
if ingress:
    domain = "" if settings.local else settings.cluster.domain
    name = DnsName("name", cluster, DnsNameArgs(ingress.address, domain))
    secure = certificates is not None and not settings.local  # k3d maps the port of plain HTTP only
    url = pulumi.Output.concat("https://" if secure else "http://", name.host)
    if settings.demo:
        args = replace(settings.demo, after=[ingress.release])
        if certificates and secure:
            args = replace(args, host=name.host, annotations=certificates.annotations, tls_secret="demo-tls")  # noqa: S106 - a name
        elif settings.ingress and settings.ingress.gateway_api:
            args = replace(args, gateway="ingress")
        demo_url = pulumi.Output.concat(url, DemoApp("demo", cluster, args).path)
if settings.gitops:
    GitOps(TOOLS[settings.gitops.tool].namespace, cluster, settings.gitops)

pulumi.export("endpoint", cluster.endpoint)
pulumi.export("kubeconfig", cluster.kubeconfig)
pulumi.export("kubeconfig_path", cluster.kubeconfig_path)
pulumi.export("connect", cluster.kubeconfig_path.apply(lambda path: connecting(path, settings.cluster.identity.ref)))
pulumi.export("ingress_ip", ingress.address if ingress else None)
pulumi.export("url", url)
pulumi.export("demo_url", demo_url)
pulumi.export("nodepools", cluster.nodepools)
pulumi.export("monthly_cost", cluster.monthly_cost)
