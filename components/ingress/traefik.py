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
            # Its own default is to serve only Ingresses of class `traefik` and those without any.
            "providers": {"kubernetesIngress": {"ingressClass": ingress_class}},
            # The type is left at the chart's LoadBalancer: versions disagree on whether its key is service.type
            # or service.spec.type.
            "service": {"spec": {"externalTrafficPolicy": "Local"}, "annotations": dict(annotations)},
        }
