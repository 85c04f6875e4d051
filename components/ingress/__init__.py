"""The ingress controller: one component, and one small class per chart it can be installed from."""

from components.ingress.controller import IngressController, IngressControllerArgs, TrafficPool
from components.ingress.ingress_nginx import IngressNginx
from components.ingress.nginx import Nginx
from components.ingress.service import Chart, Controller, exoscale_annotations
from components.ingress.traefik import Traefik

CONTROLLERS: dict[str, Controller] = {"nginx": Nginx(), "ingress-nginx": IngressNginx(), "traefik": Traefik()}

__all__ = [
    "CONTROLLERS",
    "Chart",
    "Controller",
    "IngressController",
    "IngressControllerArgs",
    "IngressNginx",
    "Nginx",
    "Traefik",
    "TrafficPool",
    "exoscale_annotations",
]
