"""F5's NGINX Ingress Controller."""

from typing import Any

from .service import Annotations, Chart, Placement


class Nginx:
    """Chart `nginx-ingress`. At every install Helm downloads parts of the schema for its values."""

    chart = Chart("nginx-ingress", "https://helm.nginx.com/stable", "2.7.0")
    retired = ""

    def values(self, name: str, ingress_class: str, annotations: Annotations, placement: Placement) -> dict[str, Any]:
        """See Controller."""
        return {
            "fullnameOverride": name,
            "controller": {
                "kind": "daemonset",
                **placement,
                "ingressClass": {"create": True, "name": ingress_class, "setAsDefaultIngress": True},
                # The other controllers serve an Ingress without a host by themselves, and most tutorials show one.
                "allowEmptyIngressHost": True,
                "service": {
                    "type": "LoadBalancer",
                    "externalTrafficPolicy": "Local",
                    "annotations": dict(annotations),
                },
                "telemetryReporting": {"enable": False},
            },
        }
