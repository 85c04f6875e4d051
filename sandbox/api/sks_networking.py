"""Networks of a new SKS cluster: rules that the OpenAPI document has only in words. No answer shows them."""

import ipaddress

from sandbox.api.errors import BadRequest
from sandbox.store import Document

PODS, SERVICES = "cluster-cidr", "service-cluster-ip-range"
DEFAULTS = {PODS: "192.168.0.0/16", SERVICES: "10.96.0.0/12"}
NODE_MASKS = {4: 24, 6: 64}  # prefix length of a node's part of the pods' network, by IP version
NODE_MASK_LONGER_BY_AT_MOST = 16
SMALLEST_IPV6_SERVICES = 108  # Kubernetes' own limit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def check(networking: Document) -> None:
    """Refuses impossible networks.

    Raises:
        BadRequest: names the key; the words are assumed.
    """
    pods, services = _networks(networking, PODS), _networks(networking, SERVICES)
    for network in services:
        if network.version == 6 and network.prefixlen < SMALLEST_IPV6_SERVICES:
            raise BadRequest(f"{SERVICES} {network} must be no larger than a /{SMALLEST_IPV6_SERVICES}")
    for network in pods:
        _check_node_mask(networking, network)
        for other in services:
            if network.version == other.version and network.overlaps(other):
                raise BadRequest(f"{PODS} {network} overlaps {SERVICES} {other}")


def _networks(networking: Document, key: str) -> list[Network]:
    text = networking.get(key, DEFAULTS[key])
    try:
        networks = [ipaddress.ip_network(part.strip()) for part in text.split(",")]
    except ValueError as error:
        raise BadRequest(f"{key} {text}: {error}") from None
    if len({network.version for network in networks}) < len(networks):
        raise BadRequest(f"{key} {text} must be one CIDR, or one of IPv4 and one of IPv6")
    return networks


def _check_node_mask(networking: Document, pods: Network) -> None:
    key = f"node-cidr-mask-size-ipv{pods.version}"
    mask = networking.get(key, NODE_MASKS[pods.version])
    longest = min(pods.prefixlen + NODE_MASK_LONGER_BY_AT_MOST, pods.max_prefixlen)
    if not pods.prefixlen < mask <= longest:
        raise BadRequest(f"{key} {mask} must be larger than {pods.prefixlen}, and at most {longest}")
