"""The ingress controller: one component, and one small class per chart that it can be installed from."""

from .controller import IngressController, IngressControllerArgs
from .controllers import CONTROLLERS
from .host import IngressHost, OtherCluster, TrafficPool
from .service import Chart, Controller, exoscale_annotations

__all__ = [
    "CONTROLLERS",
    "Chart",
    "Controller",
    "IngressController",
    "IngressControllerArgs",
    "IngressHost",
    "OtherCluster",
    "TrafficPool",
    "exoscale_annotations",
]
