"""Public addresses of instances, load balancers and elastic IPs, from ranges that are reserved for documentation."""

import ipaddress
import uuid

from sandbox.api.errors import Conflict
from sandbox.cloud import Cloud

# RFC 5737: no host on the internet has one of these, so nothing here can reach a stranger by mistake.
INSTANCES = ("192.0.2.0/24", "198.51.100.0/24")
LOAD_BALANCERS = ("203.0.113.0/24",)
ELASTIC = LOAD_BALANCERS
IPV6 = ipaddress.IPv6Network("2001:db8::/32")  # RFC 3849


def free(cloud: Cloud, networks: tuple[str, ...]) -> str:
    """An IPv4 address that nothing has, of whatever organisation.

    It is taken from a random place, so that an address is not handed out again right after its object went:
    who still holds on to it must notice.

    Raises:
        Conflict: all are taken.
    """
    everywhere = cloud.store.of(None)
    taken = {instance.get("public-ip") for instance in everywhere.list("instance")}
    taken |= {balancer["ip"] for balancer in everywhere.list("load-balancer")}
    taken |= {elastic["ip"] for elastic in everywhere.list("elastic-ip")}
    hosts = [str(host) for network in networks for host in ipaddress.ip_network(network).hosts()]
    start = uuid.UUID(cloud.ids.uuid()).int % len(hosts)
    for host in hosts[start:] + hosts[:start]:
        if host not in taken:
            return host
    raise Conflict(f"the sandbox has no free address left in {', '.join(networks)}")


def ipv6(id_: str) -> str:
    """The IPv6 address of an instance or of an elastic IP."""
    return str(IPV6[uuid.UUID(id_).int % IPV6.num_addresses])
