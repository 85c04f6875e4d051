"""SKS clusters: the managed Kubernetes control planes of an organisation."""

from sandbox.api import (
    instance_pool,
    quota,
    sks_audit,
    sks_credentials,
    sks_karpenter,
    sks_networking,
    sks_security_group,
)
from sandbox.api.errors import BadRequest, Conflict
from sandbox.api.lifecycle import error_on_failure, refuse_unless_settled, set_state, subject
from sandbox.api.routes import Call, find, operation
from sandbox.api.sks_release import check_version, is_newer, node_template
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "sks-cluster"
NODEPOOL = "sks-nodepool"

# Keys of a create request that no answer returns as they were sent.
ASKED = ("audit", "create-default-security-group", "networking")


@operation("list-sks-clusters")
def list_(cloud: Cloud, call: Call) -> Document:
    return {"sks-clusters": [shown(cloud, cluster) for cluster in cloud.store.list(KIND, call.zone)]}


@operation("get-sks-cluster")
def get(cloud: Cloud, call: Call) -> Document:
    return shown(cloud, find(cloud, KIND, call.path["id"], call.zone))


@operation("create-sks-cluster")
def create(cloud: Cloud, call: Call) -> Document:
    body = call.body
    check_version(body["version"])
    sks_networking.check(body.get("networking", {}))
    quota.check(cloud, KIND)
    id_ = cloud.ids.uuid()
    cluster = {
        "id": id_,
        **{key: value for key, value in body.items() if key not in ASKED},
        "addons": body.get("addons", []),
        "auto-upgrade": body.get("auto-upgrade", False),
        "enable-kube-proxy": body.get("enable-kube-proxy", body.get("cni") != "cilium"),
        "enable-operators-ca": True,
        "created-at": cloud.clock.timestamp(),
        "endpoint": f"{id_}.sks-{call.zone}.exo.io",
        "state": "creating",
        "_zone": call.zone,
    }
    if "audit" in body:
        cluster["audit"] = sks_audit.of_new_cluster(body["audit"])
    sks_karpenter.check(cloud, cluster)
    if body.get("create-default-security-group"):
        cluster["default-security-group-id"] = sks_security_group.create(cloud, cluster)
    cloud.store.put(KIND, cluster)
    sks_credentials.settle_keys(cloud, cluster)
    return cloud.operations.start(call.operation_id, KIND, id_, call.zone)


@effect("create-sks-cluster", "work")
@effect("update-sks-cluster", "work")
@effect("upgrade-sks-cluster", "work")
def start_control_plane(cloud: Cloud, operation: Document) -> None:
    """Starts the cluster, in an update too: that repairs a cluster whose creation failed and does not affect others."""
    cloud.control_planes.create(subject(cloud, KIND, operation))


@operation("update-sks-cluster")
def update(cloud: Cloud, call: Call) -> Document:
    cluster = find(cloud, KIND, call.path["id"], call.zone)
    refuse_unless_settled(KIND, cluster)
    changes = dict(call.body)
    if "oidc" in call.nulls:
        changes["oidc"] = None  # removed: for this key null has a meaning (docs/exoscale.md, Clusters)
    if "audit" in changes:
        changes["audit"] = sks_audit.of_updated_cluster(cluster.get("audit", {}), changes["audit"])
    sks_karpenter.check(cloud, {**cluster, **changes})
    return _change(cloud, call, cluster, "updating", changes)


@operation("upgrade-sks-cluster")
def upgrade(cloud: Cloud, call: Call) -> Document:
    cluster = find(cloud, KIND, call.path["id"], call.zone)
    refuse_unless_settled(KIND, cluster)
    version = call.body["version"]
    check_version(version)
    if not is_newer(version, cluster["version"]):
        raise BadRequest(f"Kubernetes version {version} is not newer than the cluster's {cluster['version']}")
    return _change(cloud, call, cluster, "upgrading", {"version": version})


@operation("upgrade-sks-cluster-service-level")
def upgrade_service_level(cloud: Cloud, call: Call) -> Document:
    cluster = find(cloud, KIND, call.path["id"], call.zone)
    refuse_unless_settled(KIND, cluster, ("running",))
    if cluster["level"] == "pro":
        raise Conflict(f"SKS cluster {cluster['id']} is at level pro already")
    return _change(cloud, call, cluster, "updating", {"level": "pro"})


@operation("delete-sks-cluster")
def delete(cloud: Cloud, call: Call) -> Document:
    cluster = find(cloud, KIND, call.path["id"], call.zone)
    refuse_unless_settled(KIND, cluster)
    if cloud.rules.cluster_with_nodepools_refused and nodepools(cloud, cluster["id"]):
        raise Conflict("impossible to delete the SKS cluster: Nodepools still present")
    return _change(cloud, call, cluster, "deleting", {})


@effect("delete-sks-cluster", "work")
def stop_control_plane(cloud: Cloud, operation: Document) -> None:
    cloud.control_planes.delete(operation["reference"]["id"])


@effect("delete-sks-cluster", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    """Deletes what the cluster owned; load balancers made by its CCM and the security group made with it stay
    (docs/exoscale.md, Destroying)."""
    cluster_id = operation["reference"]["id"]
    for nodepool in nodepools(cloud, cluster_id):
        instance_pool.remove(cloud, nodepool["instance-pool"]["id"])
        cloud.store.delete(NODEPOOL, nodepool["id"])
    sks_credentials.delete_keys(cloud, cluster_id)
    cloud.store.delete(KIND, cluster_id)


@effect("create-sks-cluster", "finish")
@effect("update-sks-cluster", "finish")
@effect("upgrade-sks-cluster-service-level", "finish")
def changed(cloud: Cloud, operation: Document) -> None:
    cluster = {**subject(cloud, KIND, operation), **operation["_args"], "state": "running"}
    cluster = {key: value for key, value in cluster.items() if value is not None}
    cloud.store.put(KIND, cluster)
    sks_credentials.settle_keys(cloud, cluster)
    cloud.control_planes.sync(cluster["id"])


@effect("upgrade-sks-cluster", "finish")
def upgraded(cloud: Cloud, operation: Document) -> None:
    """Upgrades a cluster. Nodes keep their version; later nodes have the new one (assumed)."""
    changed(cloud, operation)
    cluster = subject(cloud, KIND, operation)
    template = node_template(cloud, cluster["version"])
    for nodepool in nodepools(cloud, cluster["id"]):
        cloud.store.put(NODEPOOL, {**nodepool, "version": cluster["version"], "template": template})
        pool = cloud.store.get(instance_pool.KIND, nodepool["instance-pool"]["id"])
        if pool:
            cloud.store.put(instance_pool.KIND, {**pool, "template": template})


error_on_failure(
    KIND,
    "create-sks-cluster",
    "update-sks-cluster",
    "upgrade-sks-cluster",
    "upgrade-sks-cluster-service-level",
    "delete-sks-cluster",
)


def nodepools(cloud: Cloud, cluster_id: str) -> list[Document]:
    """Returns the nodepools of a cluster, in every state."""
    return cloud.store.where(NODEPOOL, "_cluster", cluster_id)


def shown(cloud: Cloud, cluster: Document) -> Document:
    """Returns the cluster with complete nodepools, which the provider reads only here (docs/exoscale.md, Clusters)."""
    return {**public(cluster), "nodepools": [public(nodepool) for nodepool in nodepools(cloud, cluster["id"])]}


def _change(cloud: Cloud, call: Call, cluster: Document, state: str, changes: Document) -> Document:
    set_state(cloud, KIND, cluster["id"], state)
    return cloud.operations.start(call.operation_id, KIND, cluster["id"], call.zone, changes)
