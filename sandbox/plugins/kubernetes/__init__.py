"""The stand-in for the pulumi-kubernetes 4.32.0 plugin (plugin-facts §2)."""

from sandbox.plugins.kubernetes.provider import KubernetesProvider

__all__ = ["KubernetesProvider"]
