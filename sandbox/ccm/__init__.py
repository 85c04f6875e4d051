"""A cloud controller manager that follows Exoscale's, leaks included (docs/exoscale.md, Cloud controller manager)."""

from sandbox.ccm.manager import CloudControllerManager

__all__ = ["CloudControllerManager"]
