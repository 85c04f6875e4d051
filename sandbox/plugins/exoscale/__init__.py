"""The stand-in for the pulumi-exoscale 0.66.1 plugin (plugin-facts §1, exoscale-facts §3)."""

from sandbox.plugins.exoscale.provider import ExoscaleProvider

__all__ = ["ExoscaleProvider"]
