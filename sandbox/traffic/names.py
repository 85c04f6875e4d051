"""Which load balancer's address a name means."""

import ipaddress
import re

from sandbox.api.address import LOAD_BALANCERS
from sandbox.cloud import Cloud

LOCALHOST = ("localhost", "127.0.0.1")
_NETWORKS = [ipaddress.IPv4Network(network) for network in LOAD_BALANCERS]
# The address stands before the domain, after anything that ends in a dot or a dash.
_NIP_IO = re.compile(r"(?:.*[.-])?(\d{1,3})([.-])(\d{1,3})\2(\d{1,3})\2(\d{1,3})\.nip\.io")


def address_of(cloud: Cloud, host: str) -> str | None:
    """Returns the address of the range for load balancers that a host means; None if it means none.

    Args:
        cloud: the whole cloud, with the zones of its DNS.
        host: an address, a name of nip.io, or a name in a zone; in lower case, without a port.
    """
    written = host.removesuffix(".")
    if named := _NIP_IO.fullmatch(written):
        written = ".".join(named.group(1, 3, 4, 5))
    elif found := _in_zones(cloud, written):
        written = found
    try:
        address = ipaddress.IPv4Address(written)
    except ValueError:
        return None
    return str(address) if any(address in network for network in _NETWORKS) else None


def is_loopback(host: str) -> bool:
    """Whether a request for this host was made on loopback."""
    return host in LOCALHOST or host.endswith(".localhost")


def without_localhost(host: str, address: str) -> str:
    """Returns the host that a request on loopback means: `NAME.localhost` means NAME, anything else the address."""
    if host.endswith(".localhost"):
        return host.removesuffix(".localhost")
    return address if host in LOCALHOST else host


def on_loopback(host: str, address: str, port: int) -> str:
    """Returns where this machine's browsers find a host of a load balancer whose listener has this port."""
    return f"127.0.0.1:{port}" if host == address else f"{host}.localhost:{port}"


def _in_zones(cloud: Cloud, host: str) -> str | None:
    """Returns the address that an A record of the cloud's zones gives the name; `*` stands for one label or more."""
    zones = {zone["id"]: zone["unicode-name"] for zone in cloud.store.list("dns-domain")}
    records: dict[str, str] = {}
    for record in cloud.store.list("dns-domain-record") if zones else ():
        if record["type"] == "A" and (domain := zones.get(record["_domain"])):
            records[f"{record['name']}.{domain}".removeprefix(".")] = record["content"]
    labels = host.split(".")
    names = [host, *("*." + ".".join(labels[index:]) for index in range(1, len(labels)))]
    return next((records[name] for name in names if name in records), None)
