"""Where a stack's ingress controller is found on this machine, for browsers and curl without a proxy."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from sandbox.traffic.names import on_loopback

_PORTS = {"http": 80, "https": 443}


def local_urls(addresses: Sequence[Mapping[str, Any]], outputs: Mapping[str, Any]) -> dict[str, str]:
    """Returns the local URL of the demo app, or else of the ingress controller, by what it is.

    Args:
        addresses: the load balancers' addresses (`sandbox.admin.Admin.addresses`).
        outputs: the stack's outputs.
    """
    ports = {(one["address"], one["port"]): one["local-port"] for one in addresses}
    address, demo = outputs.get("ingress_ip"), urlsplit(str(outputs.get("demo_url") or ""))
    if demo.hostname and (local := ports.get((address, demo.port or _PORTS.get(demo.scheme, 0)))):
        return {"the demo app": demo._replace(netloc=on_loopback(demo.hostname, str(address), local)).geturl()}
    local = ports.get((address, _PORTS["http"]))
    return {"the ingress controller": f"http://127.0.0.1:{local}/"} if local else {}
