"""Decides where a connection to a host and port may go. Nothing for Exoscale may reach the real cloud."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

# The API and the clusters use the first two, the old API used the third
# (docs/exoscale.md, Clients and endpoints).
EXOSCALE_DOMAINS = ("exoscale.com", "exo.io", "exoscale.ch")
_API = re.compile(r"(?:[a-z0-9_-]+\.)+exoscale\.com")
_CLUSTER = re.compile(r"([0-9a-f-]{36})\.sks-[a-z0-9-]+\.exo\.io")
# Plain ASCII names, IPv4 and bracketed IPv6. The resolver maps full-width letters and
# dots to these, so such a spelling would bypass the rules below.
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")


class Refused(Exception):
    """The connection is refused; the message is for the client's user."""


@dataclass(frozen=True)
class Api:
    """The sandbox's own API, under a real name."""

    host: str


@dataclass(frozen=True)
class Cluster:
    """The API server of an SKS cluster."""

    id: str


@dataclass(frozen=True)
class Elsewhere:
    """A host that is not Exoscale's, connected directly."""

    host: str
    port: int


Route = Api | Cluster | Elsewhere


def route(authority: str) -> Route:
    """Returns the route of a tunnel to `host:port`. Upper case and a trailing dot name the same host.

    Raises:
        Refused: it is malformed, or an Exoscale name that the sandbox does not serve.
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
    """Refuses addresses that no public server has: link-local ones, where clouds offer a machine's credentials, and
    those of no machine or of many.

    Raises:
        Refused: one of them is such an address, however it is written.
    """
    for written in addresses:
        address = ipaddress.ip_address(written.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise Refused(f"{host} is at {address}, where the sandbox's proxy never goes")
