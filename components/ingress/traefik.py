"""Traefik Proxy."""

from typing import Any

from .service import Annotations, Chart, Placement


class Traefik:
    """Chart `traefik`."""

    chart = Chart("traefik", "https://traefik.github.io/charts", "41.3.0")
    retired = ""

    def values(self, name: str, ingress_class: str, annotations: Annotations, placement: Placement) -> dict[str, Any]:
        """See Controller."""
        return {
            "fullnameOverride": name,
            "deployment": {"kind": "DaemonSet"},
            **placement,
            "ingressClass": {"enabled": True, "name": ingress_class, "isDefaultClass": True},
            # By default it serves only Ingresses of class `traefik` and those without a class.
            "providers": {"kubernetesIngress": {"ingressClass": ingress_class}},
            # The type stays the chart's default, LoadBalancer: its key is service.type in some versions and
            # By default it serves only Ingresses of class `traefik` and those without a class.
            # The type stays the chart's default, LoadBalancer: its key is service.type in some versions and
            # service.spec.type in others.
            "service": {"spec": {"externalTrafficPolicy": "Local"}, "annotations": dict(annotations)},
        }
