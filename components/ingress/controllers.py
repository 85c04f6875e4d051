"""The ingress controllers that can be chosen by name."""

from .ingress_nginx import IngressNginx
from .nginx import Nginx
from .service import Controller
from .traefik import Traefik

CONTROLLERS: dict[str, Controller] = {"nginx": Nginx(), "ingress-nginx": IngressNginx(), "traefik": Traefik()}
