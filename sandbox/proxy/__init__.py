"""The proxy for unmodified clients: Exoscale's real host names lead to the sandbox, never to the real cloud."""

from sandbox.proxy.authority import Authority
from sandbox.proxy.server import ProxyServer

__all__ = ["Authority", "ProxyServer"]
