"""Where a connection to a host and port may go. Nothing of Exoscale's may reach the real cloud."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

# The API and the clusters are under the first two, the old API was under the third
# (docs/exoscale.md, Clients and endpoints).
EXOSCALE_DOMAINS = ("exoscale.com", "exo.io", "exoscale.ch")
_API = re.compile(r"(?:[a-z0-9_-]+\.)+exoscale\.com")
_CLUSTER = re.compile(r"([0-9a-f-]{36})\.sks-[a-z0-9-]+\.exo\.io")
# Plain ASCII names, IPv4 and bracketed IPv6. The resolver maps full-width letters and
# dots to these, so such a spelling would go round the rules below.
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")


class Refused(Exception):
    """The connection goes nowhere; the message is for the client's user."""


@dataclass(frozen=True)
class Api:
    """The sandbox's own API, at a real name."""

    host: str


@dataclass(frozen=True)
class Cluster:
    """The API server of an SKS cluster."""

    id: str


@dataclass(frozen=True)
class Elsewhere:
    """A host that is none of Exoscale's, reached directly."""

    host: str
    port: int


Route = Api | Cluster | Elsewhere


def route(authority: str) -> Route:
    """The way to `host:port`, as a client asked for a tunnel there. Upper case and a trailing dot name the same host.

    Raises:
        Refused: it is malformed, or a name of Exoscale's that the sandbox does not answer for.
    """
    written, _, digits = authority.rpartition(":")
    if not _HOST.fullmatch(written) or not re.fullmatch(r"[0-9]{1,5}", digits) or not 0 < int(digits) < 65536:
        raise Refused(f"not a host and port: {ascii(authority)[1:-1]}")
    host, port = written.lower().removesuffix(".").strip("[]"), int(digits)
    if not any(host == domain or host.endswith(f".{domain}") for domain in EXOSCALE_DOMAINS):
        return Elsewhere(host, port)
    if port == 443:
        if _API.fullmatch(host):
            return Api(host)
        if cluster := _CLUSTER.fullmatch(host):
            return Cluster(cluster[1])
    raise Refused(f"the sandbox does not answer for https://{host}:{port} and never forwards it")


def refuse_unroutable(host: str, addresses: Iterable[str]) -> None:
    """Refuses what no public server has: link-local addresses, where clouds keep a machine's credentials, and those
    that stand for no machine or for many.

    Raises:
        Refused: one of them is of that kind, however it is written.
    """
    for written in addresses:
        address = ipaddress.ip_address(written.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise Refused(f"{host} is at {address}, where the sandbox's proxy never goes")
