"""A storage controller modelled on Exoscale's CSI driver and its sidecars."""

from sandbox.csi.manager import StorageController

__all__ = ["StorageController"]
