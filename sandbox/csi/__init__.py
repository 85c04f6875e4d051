"""A storage controller that follows Exoscale's CSI driver and the sidecars it is deployed with."""

from sandbox.csi.manager import StorageController

__all__ = ["StorageController"]
