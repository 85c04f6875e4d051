"""A cloud controller manager that follows Exoscale's own, its leaks included (facts §5)."""

from sandbox.ccm.manager import CloudControllerManager

__all__ = ["CloudControllerManager"]
