"""The nodes of a cluster, and the machines behind them."""

from ..cloud.account import Document
from .api_server import ApiServer

NODES = "/api/v1/nodes"


def by_machine(server: ApiServer) -> dict[str, Document]:
    """Returns the nodes by the ids of their instances, as the cloud controller manager does."""
    return {str(node["status"]["nodeInfo"]["systemUUID"]).lower(): node for node in server.items(NODES)}


def is_ready(thing: Document) -> bool:
    """Whether a node or pod is ready by its own status."""
    conditions = thing.get("status", {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
