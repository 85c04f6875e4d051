"""The CSI addon's objects besides its pods: the driver, its two storage classes, and the pods' permissions.

They are as in exoscale/exoscale-csi-driver (`deployment/`, 0.34.4 and 0.35.0); neither class is the default.
"""

from sandbox.controllers.objects import Object
from sandbox.csi import pods
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
"""Reclaim policy by storage class: what happens to a volume when its claim is deleted."""

_STORAGE = "/apis/storage.k8s.io/v1"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_READ = ("get", "list", "watch")
_WRITE = (*_READ, "create", "update", "patch", "delete")
_SNAPSHOTS = ("volumesnapshots", "volumesnapshotclasses", "volumesnapshotcontents")

# Permissions of the pods' service accounts (`deployment/controller-rbac.yaml`, `node-driver-rbac.yaml`): by account,
# the API group, its resources and the verbs. The deployment has a role per sidecar; here an account has one for all.
RIGHTS: dict[str, tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = {
    pods.CONTROLLER: (
        ("", ("persistentvolumes", "persistentvolumeclaims", "persistentvolumeclaims/status", "events"), _WRITE),
        ("", ("nodes", "pods"), _READ),
        ("storage.k8s.io", ("storageclasses", "volumeattributesclasses"), _READ),
        ("storage.k8s.io", ("csinodes", "volumeattachments", "volumeattachments/status"), _WRITE),
        ("snapshot.storage.k8s.io", (*_SNAPSHOTS, *(f"{name}/status" for name in _SNAPSHOTS)), _WRITE),
        ("coordination.k8s.io", ("leases",), _WRITE),
    ),
    pods.NODE_DRIVER: (("", ("pods", "nodes"), _READ), ("storage.k8s.io", ("volumeattachments",), ("list",))),
}


def manifests() -> list[tuple[str, Object]]:
    """Yields the objects, each with the path of its collection."""
    spec = {"attachRequired": True, "podInfoOnMount": True}
    driver = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": DRIVER}, "spec": spec}
    classes = [_class(name, policy) for name, policy in RECLAIM_POLICIES.items()]
    return [
        (f"{_STORAGE}/csidrivers", driver),
        *((f"{_STORAGE}/storageclasses", item) for item in classes),
        *((f"{_RBAC}/clusterroles", _role(account)) for account in RIGHTS),
        *((f"{_RBAC}/clusterrolebindings", _binding(account)) for account in RIGHTS),
    ]


def _role(account: str) -> Object:
    rules = [
        {"apiGroups": [group], "resources": [*names], "verbs": [*verbs]} for group, names, verbs in RIGHTS[account]
    ]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": account},
        "rules": rules,
    }


def _binding(account: str) -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": account},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": pods.NAMESPACE}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": account},
    }


def _class(name: str, reclaim_policy: str) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": DRIVER,
        "reclaimPolicy": reclaim_policy,
        "allowVolumeExpansion": True,
    }
