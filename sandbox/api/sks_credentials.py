"""Credentials of an SKS cluster: its authorities, kubeconfigs for people, and the API keys of its addons."""

import base64

from sandbox.api.errors import Conflict
from sandbox.api.iam_role import KIND as ROLE
from sandbox.api.iam_role import create_for_cluster
from sandbox.api.lifecycle import error_on_failure, refuse_unless_settled, set_state, subject
from sandbox.api.organization import KEY, create_key, find_key
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document

KIND = "sks-cluster"
DEFAULT_TTL_SECONDS = 30 * 24 * 3600  # docs/exoscale.md, Kubeconfigs
CCM = "exoscale-cloud-controller"
CSI = "exoscale-container-storage-interface"
KARPENTER = "karpenter"
# Addons that call the Exoscale API with their own key, and their names in the key's (docs/exoscale.md, Clusters).
KEY_NAMES = {CCM: "ccm", CSI: "csi", KARPENTER: "karpenter"}


@operation("get-sks-cluster-authority-cert")
def authority_cert(cloud: Cloud, call: Call) -> Document:
    cluster = _with_control_plane(cloud, call)
    return {"cacert": _base64(cloud.control_planes.authority(cluster["id"], call.path["authority"]))}


@operation("generate-sks-cluster-kubeconfig")
def kubeconfig(cloud: Cloud, call: Call) -> Document:
    """Makes a kubeconfig; synchronous, unlike the rest (docs/exoscale.md, Kubeconfigs)."""
    cluster = _with_control_plane(cloud, call)
    ttl = call.body.get("ttl", DEFAULT_TTL_SECONDS)
    text = cloud.control_planes.kubeconfig(cluster["id"], call.body["user"], call.body["groups"], ttl)
    return {"kubeconfig": _base64(text)}


@operation("rotate-sks-ccm-credentials")
def rotate_ccm(cloud: Cloud, call: Call) -> Document:
    return _rotate(cloud, call, CCM)


@operation("rotate-sks-csi-credentials")
def rotate_csi(cloud: Cloud, call: Call) -> Document:
    return _rotate(cloud, call, CSI)


@operation("rotate-sks-karpenter-credentials")
def rotate_karpenter(cloud: Cloud, call: Call) -> Document:
    return _rotate(cloud, call, KARPENTER)


@operation("rotate-sks-operators-ca")
def rotate_operators_ca(cloud: Cloud, call: Call) -> Document:
    """Rotates an authority that only Exoscale's staff have certificates of, so nothing here shows the new one."""
    cluster = find(cloud, KIND, call.path["id"], call.zone)
    refuse_unless_settled(KIND, cluster, ("running",))
    set_state(cloud, KIND, cluster["id"], "updating")  # the document has no state of its own for it
    return cloud.operations.start(call.operation_id, KIND, cluster["id"], call.zone)


def settle_keys(cloud: Cloud, cluster: Document) -> None:
    """Makes key and role of each addon that has none yet, and deletes those of removed addons."""
    delete_keys(cloud, cluster["id"], tuple(set(KEY_NAMES) - set(cluster["addons"])))
    for addon in KEY_NAMES:
        name = _key_name(cluster["id"], addon)
        if addon in cluster["addons"] and find_key(cloud, name) is None:
            create_key(cloud, name, create_for_cluster(cloud, name)["id"])


def delete_keys(cloud: Cloud, cluster_id: str, addons: tuple[str, ...] = tuple(KEY_NAMES)) -> None:
    """Deletes the keys of these addons of a cluster, and their roles."""
    for name in [_key_name(cluster_id, addon) for addon in addons]:
        for kind in (KEY, ROLE):
            for document in cloud.store.where(kind, "name", name):
                cloud.store.delete(kind, document["id"])


def _rotate(cloud: Cloud, call: Call, addon: str) -> Document:
    cluster = find(cloud, KIND, call.path["id"], call.zone)
    refuse_unless_settled(KIND, cluster, ("running",))
    if addon not in cluster["addons"]:
        raise Conflict(f"SKS cluster {cluster['id']} does not have the addon {addon}")
    cloud.store.put(KIND, {**cluster, "state": f"rotating-{KEY_NAMES[addon]}-credentials"})
    return cloud.operations.start(call.operation_id, KIND, cluster["id"], call.zone, {"addon": addon})


@effect("rotate-sks-ccm-credentials", "finish")
@effect("rotate-sks-csi-credentials", "finish")
@effect("rotate-sks-karpenter-credentials", "finish")
def rotated(cloud: Cloud, operation: Document) -> None:
    cluster = subject(cloud, KIND, operation)
    delete_keys(cloud, cluster["id"], (operation["_args"]["addon"],))
    settle_keys(cloud, cluster)
    cloud.store.put(KIND, {**cluster, "state": "running"})
    cloud.control_planes.sync(cluster["id"])


@effect("rotate-sks-operators-ca", "finish")
def operators_ca_rotated(cloud: Cloud, operation: Document) -> None:
    set_state(cloud, KIND, subject(cloud, KIND, operation)["id"], "running")


error_on_failure(
    KIND,
    "rotate-sks-ccm-credentials",
    "rotate-sks-csi-credentials",
    "rotate-sks-karpenter-credentials",
    "rotate-sks-operators-ca",
)


def _with_control_plane(cloud: Cloud, call: Call) -> Document:
    cluster = find(cloud, KIND, call.path["id"], call.zone)
    if cluster["state"] in ("creating", "deleting"):
        raise Conflict(f"SKS cluster {cluster['id']} is busy: {cluster['state']}")
    return cluster


def _key_name(cluster_id: str, addon: str) -> str:
    return f"sks-{KEY_NAMES[addon]}-{cluster_id}"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
