"""Records in a cluster which delete step of each role may work on it: the one that was created last.

The engine runs delete steps in an ordinary `up` too, if a resource is renamed or gets another parent: it creates the
new one first, then deletes the old one. So each create step records itself in its cluster ("arms" itself), and a delete
step that finds another one recorded has a successor and does nothing.
"""

import json

from ..cloud.account import Document
from .api_server import ApiServer, Refused

NAME = "exoscale-sks-teardown"
_CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
_PATH = f"{_CONFIG_MAPS}/{NAME}"
_EXISTS = 409


def arm(server: ApiServer, role: str, token: str, stack: str) -> None:
    """Arms a step.

    Args:
        role: kind of step; a cluster has one of each.
        token: the step's unique token.
        stack: the step's stack, as `project/stack`.
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
    """Returns `token` and `stack` of the armed step of that role; empty if there is none, as with an earlier program.
    An empty role matches any."""
    data = server.get(_PATH).get("data") or {}
    found = data.get(role) if role else next(iter(data.values()), None)
    document: Document = json.loads(found) if found else {}
    return document
