"""The findings of SKS about a cluster: always empty here, since nobody looks."""

from typing import Any

from sandbox.api.routes import Call, find, operation
from sandbox.api.sks_cluster import KIND
from sandbox.cloud import Cloud


@operation("get-sks-cluster-inspection")
def inspection(cloud: Cloud, call: Call) -> dict[str, Any]:
    """No finding; what the keys of one are is not known."""
    find(cloud, KIND, call.path["id"], call.zone)
    return {}


@operation("list-sks-cluster-deprecated-resources")
def deprecated_resources(cloud: Cloud, call: Call) -> Any:
    """A bare list, the only one of the API. `exo` asks for it before each upgrade."""
    find(cloud, KIND, call.path["id"], call.zone)
    return []
