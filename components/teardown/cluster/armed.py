"""Which of a stack's delete steps may work on a cluster: the one that was created last.

The engine runs delete steps in an ordinary `up` too, when a resource is renamed or gets another parent: the new one is
created first, then the old one is deleted. So each create step writes itself down in its cluster, and a delete step
that finds another one there has a successor and does nothing.
"""

import json

from ..cloud.account import Document
from .api_server import ApiServer, Refused

NAME = "exoscale-sks-teardown"
_CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
_PATH = f"{_CONFIG_MAPS}/{NAME}"
_EXISTS = 409


def arm(server: ApiServer, role: str, token: str, stack: str) -> None:
    """Writes down who may work.

    Args:
        role: what kind of step it is; a cluster has one of each.
        token: the step's own, that no other step has.
        stack: `project/stack`, whose step it is.
    """
    data = {role: json.dumps({"token": token, "stack": stack})}
    if server.patch(_PATH, {"data": data}):
        return
    try:
        server.create(_CONFIG_MAPS, {"metadata": {"name": NAME}, "data": data})
    except Refused as refused:
        if refused.status != _EXISTS:
            raise
        server.patch(_PATH, {"data": data})  # another step of the same `up` was faster


def armed(server: ApiServer, role: str) -> Document:
    """The step of that role that may work: `token` and `stack`; empty where none was written down, as by a program of
    before. An empty role takes a step of any."""
    data = server.get(_PATH).get("data") or {}
    found = data.get(role) if role else next(iter(data.values()), None)
    document: Document = json.loads(found) if found else {}
    return document
