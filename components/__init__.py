"""The library: an Exoscale SKS cluster whose destroy leaves nothing of yours behind that costs money.

Each component resource is a file of its own, named after its noun. Nothing here reads configuration; everything comes
in through the arguments. Where it is installed, the package is `exoscale_sks`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cert_manager import CertManager as CertManager
    from .cert_manager import CertManagerArgs as CertManagerArgs
    from .checks import Invalid as Invalid
    from .cluster import Cluster as Cluster
    from .cluster_args import AccessArgs as AccessArgs
    from .cluster_args import ClusterArgs as ClusterArgs
    from .demo_app import DemoApp as DemoApp
    from .demo_app import DemoAppArgs as DemoAppArgs
    from .dns_name import DnsName as DnsName
    from .dns_name import DnsNameArgs as DnsNameArgs
    from .gitops import GitOps as GitOps
    from .gitops import GitOpsArgs as GitOpsArgs
    from .ingress import Chart as Chart
    from .ingress import IngressController as IngressController
    from .ingress import IngressControllerArgs as IngressControllerArgs
    from .ingress import OtherCluster as OtherCluster
    from .local_cluster import LocalCluster as LocalCluster
    from .local_cluster import LocalClusterArgs as LocalClusterArgs
    from .longhorn import Longhorn as Longhorn
    from .longhorn import LonghornArgs as LonghornArgs
    from .pool_args import Between as Between
    from .pool_args import PoolArgs as PoolArgs
    from .protection import protect_everything as protect_everything

# Imported on first use: the command line and the provider need none of them and have to start quickly.
_PLACES = {
    "AccessArgs": "cluster_args",
    "Between": "pool_args",
    "CertManager": "cert_manager",
    "CertManagerArgs": "cert_manager",
    "Chart": "ingress",
    "Cluster": "cluster",
    "ClusterArgs": "cluster_args",
    "DemoApp": "demo_app",
    "DemoAppArgs": "demo_app",
    "GitOps": "gitops",
    "GitOpsArgs": "gitops",
    "DnsName": "dns_name",
    "DnsNameArgs": "dns_name",
    "IngressController": "ingress",
    "IngressControllerArgs": "ingress",
    "Invalid": "checks",
    "LocalCluster": "local_cluster",
    "LocalClusterArgs": "local_cluster",
    "Longhorn": "longhorn",
    "LonghornArgs": "longhorn",
    "OtherCluster": "ingress",
    "PoolArgs": "pool_args",
    "protect_everything": "protection",
}
__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PLACES[name]}", __name__), name)
