"""The stack's table of contents: settings, cluster, ingress controller, outputs."""

import shlex
from dataclasses import replace

import pulumi

import configuration.packages  # noqa: F401 - first: it names what is missing
from components.drain import Drain
from components.ingress import CONTROLLERS, IngressController, IngressControllerArgs
from components.kubeconfig_entries import entry_name
from components.protection import protect_everything
from components.teardown.cloud.stack_ref import INGRESS
from configuration.settings import load
from platforms import on_exoscale, on_k3d

settings = load()
if settings.protect:
    protect_everything()

platform = on_k3d(settings) if settings.platform == "k3d" else on_exoscale(settings)

ingress = settings.ingress and IngressController(
    INGRESS,
    IngressControllerArgs(
        CONTROLLERS[settings.ingress.controller],
        ingress_class=settings.ingress.ingress_class,
        annotations=platform.annotations,
        address=platform.address,
        chart=settings.ingress.chart,
        pool=platform.pool,
        cluster_id=platform.cluster_id,
        timeout_seconds=settings.ingress.timeout_seconds,
        after=platform.nodes,
    ),
    pulumi.ResourceOptions(providers=[platform.provider]),
)

if platform.drain:
    Drain("drain", replace(platform.drain, after=[*platform.drain.after, *([ingress] if ingress else [])]))

pulumi.export("endpoint", platform.endpoint)
pulumi.export("kubeconfig", platform.kubeconfig)
pulumi.export("kubeconfig_path", platform.kubeconfig_path)
pulumi.export(
    "connect",
    # The file's current context may be somebody else's.
    platform.kubeconfig_path.apply(
        lambda path: (
            f"export KUBECONFIG={shlex.quote(path)}; "
            f"kubectl config use-context {entry_name(settings.identity.ref)} && kubectl cluster-info"
        )
    ),
)
pulumi.export("ingress_ip", ingress.address if ingress else None)
pulumi.export("nodepools", platform.nodepools)
pulumi.export("monthly_cost", platform.monthly_cost)
