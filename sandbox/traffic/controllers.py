"""Recognises the ingress controller that a pod runs by its flags, as the official charts and manifests set them."""

from sandbox.controllers.objects import Object
from sandbox.traffic import flags
from sandbox.traffic.f5 import F5
from sandbox.traffic.http import Controller
from sandbox.traffic.ingress_nginx import IngressNginx
from sandbox.traffic.snapshot import namespace_of
from sandbox.traffic.traefik import Traefik


def controller_of(pod: Object) -> Controller | None:
    """Returns the pod's ingress controller; None if it runs something else."""
    given = flags.flags(pod)
    if F5.runs_in(pod):
        return F5(given, namespace_of(pod))
    if IngressNginx.runs_in(pod):
        return IngressNginx(given)
    return Traefik(given) if Traefik.runs_in(pod) else None
