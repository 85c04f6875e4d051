"""The stand-in for the pulumi-exoscale 0.66.1 plugin (docs/plugins.md)."""

from sandbox.plugins.exoscale.provider import ExoscaleProvider

__all__ = ["ExoscaleProvider"]
