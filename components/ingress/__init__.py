"""The ingress controller: one component, and one small class per chart it can be installed from."""

from .controller import IngressController, IngressControllerArgs, TrafficPool
from .ingress_nginx import IngressNginx
from .nginx import Nginx
from .service import Chart, Controller, exoscale_annotations
from .traefik import Traefik

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
