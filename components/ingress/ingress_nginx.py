"""The Kubernetes project's ingress-nginx, which the tutorial uses."""

from typing import Any

from .service import Annotations, Chart, Placement


class IngressNginx:
    """Chart `ingress-nginx`, in its last version."""

    chart = Chart("ingress-nginx", "https://kubernetes.github.io/ingress-nginx", "4.15.1")
    retired = (
        "ingress-nginx was retired in March 2026 and gets no security fixes any more; "
        "nginx takes the same Ingress manifests unless they use ingress-nginx's own annotations"
    )

    def values(self, name: str, ingress_class: str, annotations: Annotations, placement: Placement) -> dict[str, Any]:
        """See Controller."""
        return {
            "fullnameOverride": name,
            "controller": {
                "kind": "DaemonSet",
                **placement,
                "ingressClass": ingress_class,
                "ingressClassResource": {"enabled": True, "name": ingress_class, "default": True},
                "service": {
                    "type": "LoadBalancer",
                    "externalTrafficPolicy": "Local",
                    "annotations": dict(annotations),
                },
            },
        }
