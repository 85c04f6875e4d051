"""Traefik Proxy."""

from dataclasses import dataclass
from typing import Any

from .service import Annotations, Chart, Placement


@dataclass(frozen=True)
class Traefik:
    """Chart `traefik`.

    Args:
        gateway: whether it serves the Gateway API too, through one Gateway with the name of the chart's objects. That
            Gateway takes routes of every namespace, and its traffic comes through the same Service.
    """

    gateway: bool = False

    chart = Chart("traefik", "https://traefik.github.io/charts", "41.3.0")
    retired = ""

    def values(self, name: str, ingress_class: str, annotations: Annotations, placement: Placement) -> dict[str, Any]:
        """See Controller."""
        listener = {"port": 8000, "protocol": "HTTP", "namespacePolicy": {"from": "All"}}  # 8000: the chart's `web`
        gateway = {
            "gateway": {"name": name, "listeners": {"web": listener}},
            "gatewayClass": {"name": ingress_class},
        }
        return {
            "fullnameOverride": name,
            "deployment": {"kind": "DaemonSet"},
            **placement,
            "ingressClass": {"enabled": True, "name": ingress_class, "isDefaultClass": True},
            # By default it serves only Ingresses of class `traefik` and those without a class.
            "providers": {
                "kubernetesIngress": {"ingressClass": ingress_class},
                **({"kubernetesGateway": {"enabled": True}} if self.gateway else {}),
            },
            **(gateway if self.gateway else {}),
            # The type stays the chart's default, LoadBalancer: its key is service.type in some versions and
            # By default it serves only Ingresses of class `traefik` and those without a class.
            # The type stays the chart's default, LoadBalancer: its key is service.type in some versions and
            # service.spec.type in others.
            "service": {"spec": {"externalTrafficPolicy": "Local"}, "annotations": dict(annotations)},
        }
