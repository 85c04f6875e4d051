"""What the CSI addon adds to a cluster beside its pods: the driver and its two storage classes.

All as exoscale/exoscale-csi-driver deploys them (`deployment/`, 0.34.4 and 0.35.0); neither class is the default.
"""

from sandbox.controllers.objects import Object
from sandbox.csi.driver import NAME as DRIVER

CONTROLLER_CONTAINERS = (
    "exoscale-csi-plugin",
    "csi-provisioner",
    "csi-attacher",
    "csi-snapshotter",
    "snapshot-controller",
    "csi-resizer",
    "liveness-probe",
)
NODE_DRIVER_CONTAINERS = ("exoscale-csi-plugin", "csi-node-driver-registrar", "liveness-probe")
RECLAIM_POLICIES = {"exoscale-sbs": "Delete", "exoscale-bs-retain": "Retain"}
"""What becomes of a volume when its claim goes, by storage class."""

_STORAGE = "/apis/storage.k8s.io/v1"


def manifests() -> list[tuple[str, Object]]:
    """The objects, each with the path of its collection."""
    spec = {"attachRequired": True, "podInfoOnMount": True}
    driver = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": DRIVER}, "spec": spec}
    classes = [_class(name, policy) for name, policy in RECLAIM_POLICIES.items()]
    return [(f"{_STORAGE}/csidrivers", driver), *((f"{_STORAGE}/storageclasses", item) for item in classes)]


def _class(name: str, reclaim_policy: str) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": DRIVER,
        "reclaimPolicy": reclaim_policy,
        "allowVolumeExpansion": True,
    }
