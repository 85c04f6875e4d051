"""Traefik Proxy."""

from typing import Any

from .service import Annotations, Chart, Placement

CLASS_OF_INGRESS_NGINX = "nginx"
_CONTROLLER = "traefik.io/ingress-controller"  # of the IngressClass that the chart makes


class Traefik:
    """Chart `traefik`.

    A class called `nginx` is served by Traefik's compatibility provider, which understands most annotations of
    ingress-nginx and none of Traefik's own; a class of another name by the provider that is the other way round
    (docs/adr/0016). Both at once would serve every Ingress twice.
    """

    chart = Chart("traefik", "https://traefik.github.io/charts", "41.3.0")
    retired = ""

    def values(self, name: str, ingress_class: str, annotations: Annotations, placement: Placement) -> dict[str, Any]:
        """See Controller."""
        return {
            "fullnameOverride": name,
            "deployment": {"kind": "DaemonSet"},
            **placement,
            "ingressClass": {"enabled": True, "name": ingress_class, "isDefaultClass": True},
            "providers": _providers(ingress_class),
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
