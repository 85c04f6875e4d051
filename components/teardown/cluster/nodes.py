"""The nodes of a cluster, and the machines that they are."""

from ..cloud.account import Document
from .api_server import ApiServer

NODES = "/api/v1/nodes"


def by_machine(server: ApiServer) -> dict[str, Document]:
    """Each node by the id of its instance, which is how the cloud controller manager finds it too."""
    return {str(node["status"]["nodeInfo"]["systemUUID"]).lower(): node for node in server.items(NODES)}


def is_ready(thing: Document) -> bool:
    """Whether a node, or a pod, says so itself."""
    conditions = thing.get("status", {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
