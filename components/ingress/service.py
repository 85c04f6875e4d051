"""Parts common to all ingress controllers: the chart's source, and the link between Service and NLB."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

POOL_LABEL = "node.exoscale.net/nodepool-id"  # docs/exoscale.md, Nodepools and instances
PREFIX = "service.beta.kubernetes.io/exoscale-loadbalancer-"  # docs/exoscale.md, Cloud controller manager

Annotations = Mapping[str, pulumi.Input[str]]
Placement = Mapping[str, Any]


@dataclass(frozen=True)
class Chart:
    """A Helm chart.

    Args:
        name: the chart's name in its repository; without a repository, a folder, an archive or an `oci://` address.
        repository: URL of the chart repository.
        version: exact version; None takes the newest, or the one in the folder.
    """

    name: str
    repository: str | None = None
    version: str | None = None


class Controller(Protocol):
    """Turns our settings into the values of one chart."""

    @property
    def chart(self) -> Chart:
        """The official chart, in the version that was tested."""

    @property
    def retired(self) -> str:
        """Warning for users who still choose it; empty for a maintained controller."""

    def values(self, name: str, ingress_class: str, annotations: Annotations, placement: Placement) -> dict[str, Any]:
        """Returns values for a DaemonSet behind a Service of type LoadBalancer with `externalTrafficPolicy: Local`.

        Args:
            name: name of the chart's objects.
            ingress_class: name of the IngressClass; Ingresses that name no class belong to it too.
            annotations: annotations of the Service.
            placement: `affinity` and `tolerations` of the pods, see `on_pool`; empty leaves both to the chart.
        """


def on_pool(nodepool_id: pulumi.Input[str]) -> dict[str, Any]:
    """Keeps a controller's pods on the nodes that get the load balancer's traffic, whatever taints these have.

    A node without a pool label counts too: a pod that gets no traffic does less harm than a site without a pod.
    """
    of_pool = {"key": POOL_LABEL, "operator": "In", "values": [nodepool_id]}
    of_none = {"key": POOL_LABEL, "operator": "DoesNotExist"}
    terms = [{"matchExpressions": [of_pool]}, {"matchExpressions": [of_none]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"affinity": {"nodeAffinity": required}, "tolerations": [{"operator": "Exists"}]}


def exoscale_annotations(
    name: str,
    description: pulumi.Input[str],
    instance_pool_id: pulumi.Input[str],
    load_balancer_id: pulumi.Input[str] | None = None,
) -> dict[str, pulumi.Input[str]]:
    """Returns the annotations that tell Exoscale's cloud controller manager (CCM) what to do for the Service.

    Args:
        name: name of the NLB that the CCM makes; ignored for an existing one.
        description: description of the NLB that the CCM makes; ignored for an existing one.
        instance_pool_id: pool that gets the traffic. Always set: the CCM refuses to choose between several.
        load_balancer_id: existing NLB to attach to, which the CCM then never owns. None: the CCM makes one.
    """
    chosen: dict[str, pulumi.Input[str]] = {
        "name": name,
        "description": description,
        "service-instancepool-id": instance_pool_id,
        "service-strategy": "source-hash",
        # With externalTrafficPolicy Local the CCM makes the NLB probe the Service's healthCheckNodePort. Not the
        # controller but kube-proxy (or Cilium) answers there, at /healthz: 200 on nodes with a ready controller pod
        # and 503 on the others, whatever the controller.
        "service-healthcheck-mode": "http",
        "service-healthcheck-uri": "/healthz",
        "service-healthcheck-interval": "10s",
        "service-healthcheck-timeout": "3s",
        "service-healthcheck-retries": "1",
    }
    if load_balancer_id is not None:
        chosen |= {"id": load_balancer_id, "external": "true"}
    return {f"{PREFIX}{key}": value for key, value in chosen.items()}
