"""SKS's inspection of a cluster, which finds nothing here."""

from typing import Any

from sandbox.api.routes import Call, find, operation
from sandbox.api.sks_cluster import KIND
from sandbox.cloud import Cloud


@operation("get-sks-cluster-inspection")
def inspection(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Returns no findings; the keys of one are not known."""
    find(cloud, KIND, call.path["id"], call.zone)
    return {}


@operation("list-sks-cluster-deprecated-resources")
def deprecated_resources(cloud: Cloud, call: Call) -> Any:
    """Returns a bare list, the only one in the API. `exo` requests it before each upgrade."""
    find(cloud, KIND, call.path["id"], call.zone)
    return []
