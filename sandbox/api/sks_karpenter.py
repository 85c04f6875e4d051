"""The addon `karpenter`: its requirements, and the manifests that the API makes for it. No Karpenter runs here."""

from typing import Any

import yaml

from sandbox.api.errors import Conflict
from sandbox.api.routes import Call, find, operation
from sandbox.api.sks_credentials import CCM, KARPENTER
from sandbox.api.sks_credentials import KIND as CLUSTER
from sandbox.cloud import Cloud
from sandbox.store import Document

NAME = "standard"  # of both objects, as in the help of `exo compute sks generate-karpenter-manifests`
GROUP, KIND = "karpenter.exoscale.com", "ExoscaleNodeClass"
INSTANCE_TYPES = ["standard.medium", "standard.large", "standard.extra-large"]


def check(cloud: Cloud, cluster: Document) -> None:
    """Refuses a cluster that does not meet Karpenter's requirements.

    Raises:
        Conflict: it is not at level pro, or has no cloud controller (docs/exoscale.md, Clusters; words assumed).
    """
    if KARPENTER not in cluster["addons"] or not cloud.rules.karpenter_needs_pro_and_ccm:
        return
    if cluster["level"] != "pro":
        raise Conflict(f"the addon {KARPENTER} needs a cluster at level pro")
    if CCM not in cluster["addons"]:
        raise Conflict(f"the addon {KARPENTER} needs the addon {CCM}")


@operation("generate-sks-karpenter-exoscale-nodeclass")
def node_class(cloud: Cloud, call: Call) -> Document:
    """Makes a node class, with the cluster's default security group and feature gates, if any. Synchronous."""
    cluster = find(cloud, CLUSTER, call.path["id"], call.zone)
    spec: dict[str, Any] = {"imageTemplateSelector": {"version": cluster["version"], "variant": "standard"}}
    if group := cluster.get("default-security-group-id"):
        spec["securityGroupSelectorTerms"] = [{"id": group}]
    if gates := cluster.get("feature-gates"):
        spec["kubelet"] = {"featureGates": dict.fromkeys(gates, True)}
    return {"exoscale-nodeclass": _manifest(f"{GROUP}/v1", KIND, spec)}


@operation("generate-sks-karpenter-nodepool")
def node_pool(cloud: Cloud, call: Call) -> Document:
    """Makes the smallest node pool that Karpenter accepts, for the class above. Synchronous."""
    find(cloud, CLUSTER, call.path["id"], call.zone)
    node = {
        "nodeClassRef": {"group": GROUP, "kind": KIND, "name": NAME},
        "requirements": [{"key": "node.kubernetes.io/instance-type", "operator": "In", "values": INSTANCE_TYPES}],
    }
    return {"nodepool": _manifest("karpenter.sh/v1", "NodePool", {"template": {"spec": node}})}


def _manifest(version: str, kind: str, spec: Document) -> str:
    document = {"apiVersion": version, "kind": kind, "metadata": {"name": NAME}, "spec": spec}
    return yaml.safe_dump(document, sort_keys=False)
