"""The stand-in for the pulumi-kubernetes 4.32.0 plugin (docs/plugins.md)."""

from sandbox.plugins.kubernetes.provider import KubernetesProvider

__all__ = ["KubernetesProvider"]
