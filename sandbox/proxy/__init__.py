"""The way for unmodified clients: real names of Exoscale end at the sandbox, never at the real cloud."""

from sandbox.proxy.authority import Authority
from sandbox.proxy.server import ProxyServer

__all__ = ["Authority", "ProxyServer"]
