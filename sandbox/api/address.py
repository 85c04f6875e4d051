"""Public addresses of instances, load balancers and elastic IPs, from ranges that are reserved for documentation."""

import hashlib
import ipaddress
import uuid

from sandbox.api.errors import Conflict
from sandbox.cloud import Cloud

# No host on the internet has one of these, so nothing here can reach a real host by mistake: the ranges of RFC 5737
# for documentation, then those of RFC 2544 for benchmarks.
INSTANCES = ("192.0.2.0/24", "198.51.100.0/24", "198.18.0.0/16")
LOAD_BALANCERS = ("203.0.113.0/24", "198.19.0.0/16")
ELASTIC = LOAD_BALANCERS
# Where each kind has its address.
HELD_BY = (("instance", "public-ip"), ("load-balancer", "ip"), ("elastic-ip", "ip"))
IPV6 = ipaddress.IPv6Network("2001:db8::/32")  # RFC 3849


def free(cloud: Cloud, networks: tuple[str, ...]) -> str:
    """Returns an IPv4 address that is free in all organisations.

    It is chosen at random in the first network that has one left, so that an address is not reused right after its
    object was deleted: a client that still uses it must notice.

    Args:
        networks: networks in the order of use.

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
    """Returns the IPv6 address of an instance or of an elastic IP."""
    return str(IPV6[uuid.UUID(id_).int % IPV6.num_addresses])


def mac(*ids: str) -> str:
    """Returns the MAC address of an instance, or of its interface in a private network; the same for the same ids."""
    digest = hashlib.sha256("/".join(ids).encode()).hexdigest()
    # No manufacturer's address begins with 0a (IEEE 802: locally administered).
    return ":".join(["0a", *(digest[index : index + 2] for index in range(0, 10, 2))])
