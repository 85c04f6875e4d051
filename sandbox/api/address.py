"""Public addresses of instances, load balancers and elastic IPs, from ranges that are reserved for documentation."""

import hashlib
import ipaddress
import uuid

from sandbox.api.errors import Conflict
from sandbox.cloud import Cloud

# No host on the internet has one of these, so nothing here can reach a stranger by mistake: the ranges of RFC 5737 for
# documentation, and after them those of RFC 2544 for benchmarks.
INSTANCES = ("192.0.2.0/24", "198.51.100.0/24", "198.18.0.0/16")
LOAD_BALANCERS = ("203.0.113.0/24", "198.19.0.0/16")
ELASTIC = LOAD_BALANCERS
# By kind, where it says its address.
HELD_BY = (("instance", "public-ip"), ("load-balancer", "ip"), ("elastic-ip", "ip"))
IPV6 = ipaddress.IPv6Network("2001:db8::/32")  # RFC 3849


def free(cloud: Cloud, networks: tuple[str, ...]) -> str:
    """An IPv4 address that nothing has, of whatever organisation.

    It is taken from a random place of the first network that has one left, so that an address is not handed out again
    right after its object went: who still holds on to it must notice.

    Args:
        networks: in the order in which they are used up.

    Raises:
        Conflict: all are taken.
    """
    everywhere = cloud.store.of(None)
    for network in map(ipaddress.IPv4Network, networks):
        hosts = network.num_addresses - 2  # the first address is the network's, the last its broadcast's
        start = uuid.UUID(cloud.ids.uuid()).int % hosts
        for offset in range(hosts):
            host = str(network[1 + (start + offset) % hosts])
            if not any(everywhere.has(kind, path, host) for kind, path in HELD_BY):
                return host
    raise Conflict(f"the sandbox has no free address left in {', '.join(networks)}")


def ipv6(id_: str) -> str:
    """The IPv6 address of an instance or of an elastic IP."""
    return str(IPV6[uuid.UUID(id_).int % IPV6.num_addresses])


def mac(*ids: str) -> str:
    """The MAC address of an instance, or of its interface in a private network: always the same for the same ids."""
    digest = hashlib.sha256("/".join(ids).encode()).hexdigest()
    # No maker of network cards has an address that begins with 0a (IEEE 802: administered locally).
    return ":".join(["0a", *(digest[index : index + 2] for index in range(0, 10, 2))])
