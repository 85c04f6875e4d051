"""Real Kubernetes control planes for the simulated SKS clusters."""

from sandbox.clusters.control_planes import KwokControlPlanes

__all__ = ["KwokControlPlanes"]
