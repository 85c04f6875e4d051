"""Traefik Proxy."""

from dataclasses import dataclass
from typing import Any

from .service import Annotations, Chart, Placement

CLASS_OF_INGRESS_NGINX = "nginx"
_CONTROLLER = "traefik.io/ingress-controller"  # of the IngressClass that the chart makes


@dataclass(frozen=True)
class Traefik:
    """Chart `traefik`.

    A class called `nginx` is served by Traefik's compatibility provider, which understands most annotations of
    ingress-nginx and none of Traefik's own; a class of another name by the provider that is the other way round
    (docs/adr/0016). Both at once would serve every Ingress twice.

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
            "providers": {
                **_providers(ingress_class),
                **({"kubernetesGateway": {"enabled": True}} if self.gateway else {}),
            },
            **(gateway if self.gateway else {}),
            # The type stays the chart's default, LoadBalancer: its key is service.type in some versions and
            # service.spec.type in others.
            "service": {"spec": {"externalTrafficPolicy": "Local"}, "annotations": dict(annotations)},
        }


def _providers(ingress_class: str) -> dict[str, Any]:
    if ingress_class != CLASS_OF_INGRESS_NGINX:
        # By default it serves only Ingresses of class `traefik` and those without a class.
        return {"kubernetesIngress": {"ingressClass": ingress_class}}
    compatible = {"enabled": True, "ingressClass": ingress_class, "controllerClass": _CONTROLLER}
    return {
        "kubernetesIngress": {"enabled": False},
        "kubernetesIngressNGINX": {**compatible, "watchIngressWithoutClass": True},
    }
