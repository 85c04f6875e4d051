"""`exoscale.SksNodepool`: a pool of a cluster, v3 client. Emptying a list is never transmitted."""

from typing import Any

from sandbox.plugins.exoscale.clients import V3, Clients, Document
from sandbox.plugins.exoscale.errors import CloudError
from sandbox.plugins.exoscale.schema import Created, Edit, Input, Resource, ids, present, references
from sandbox.plugins.exoscale.texts import go_time
from sandbox.plugins.properties import Properties

_WIRE = {  # what an update can change, by input
    "name": "name",
    "description": "description",
    "diskSize": "disk-size",
    "instancePrefix": "instance-prefix",
    "instanceType": "instance-type",
    "antiAffinityGroupIds": "anti-affinity-groups",
    "securityGroupIds": "security-groups",
    "privateNetworkIds": "private-networks",
    "labels": "labels",
    "taints": "taints",
    "deployTargetId": "deploy-target",
    "ipv6": "public-ip-assignment",
}
_PASSENGERS = {"ipv6"}  # sent along with another change, never alone


def create(clients: Clients, inputs: Properties) -> Created:
    """Looks for the cluster and the instance type, then POSTs the pool."""
    client = _client(clients, inputs["zone"])
    client.call("get-sks-cluster", id=inputs["clusterId"])
    body = {"size": inputs["size"], "instance-type": {"id": _instance_type(client, inputs["instanceType"])}}
    body |= _body(inputs)
    if inputs.get("storageLvm"):
        body["addons"] = ["storage-lvm"]
    return client.run("create-sks-nodepool", id=inputs["clusterId"], **body), {}


def read(clients: Clients, id_: str, known: Properties) -> Properties | None:
    """Finds the pool in its cluster. A cluster that is gone is an error here: the real provider looks for the
    other client's "not found" (docs/plugins.md, Exoscale calls)."""
    client = _client(clients, known["zone"])
    pool = _find(client, known["clusterId"], id_)
    if pool is None:
        return None
    kind = client.call("get-instance-type", id=pool["instance-type"]["id"])
    state = {
        "name": pool["name"],
        "description": pool.get("description", ""),
        "labels": pool.get("labels") or None,
        "taints": {key: f"{taint['value']}:{taint['effect']}" for key, taint in pool.get("taints", {}).items()} or None,
        "size": pool["size"],
        "diskSize": pool["disk-size"],
        "instancePrefix": pool.get("instance-prefix", ""),
        "instanceType": f"{kind['family']}.{kind['size']}".lower(),
        "antiAffinityGroupIds": ids(pool.get("anti-affinity-groups")),
        "securityGroupIds": ids(pool.get("security-groups")),
        "privateNetworkIds": ids(pool.get("private-networks")),
        "deployTargetId": pool.get("deploy-target", {}).get("id"),
        "ipv6": pool.get("public-ip-assignment") == "dual",
        "storageLvm": "storage-lvm" in pool.get("addons", []),
        "createdAt": go_time(pool["created-at"]),
        "instancePoolId": pool["instance-pool"]["id"],
        "templateId": pool["template"]["id"],
        "state": pool["state"],
        "version": pool["version"],
    }
    collected = pool.get("kubelet-image-gc")
    if collected:
        state["kubeletImageGcs"] = [
            {
                "highThreshold": collected.get("high-threshold"),
                "lowThreshold": collected.get("low-threshold"),
                "minAge": collected.get("min-age"),
            }
        ]
    return state


def update(clients: Clients, id_: str, edit: Edit) -> None:
    """PUTs the whole pool if anything but the size differs, then scales."""
    client = _client(clients, edit.new["zone"])
    cluster = edit.new["clusterId"]
    pool = _find(client, cluster, id_)
    if pool is None:
        raise CloudError(f'SKS Nodepool "{id_}" not found')
    changed = edit.keys & _WIRE.keys()
    if changed - _PASSENGERS:
        client.run("update-sks-nodepool", id=cluster, sks_nodepool_id=id_, **_merged(client, pool, edit, changed))
    if edit.touches("size"):
        client.run("scale-sks-nodepool", id=cluster, sks_nodepool_id=id_, size=edit.new["size"])


def delete(clients: Clients, id_: str, known: Properties) -> None:
    """Looks for the cluster, then one DELETE."""
    client = _client(clients, known["zone"])
    client.call("get-sks-cluster", id=known["clusterId"])
    client.run("delete-sks-nodepool", id=known["clusterId"], sks_nodepool_id=id_)


def _client(clients: Clients, zone: str) -> V3:
    try:
        return clients.v3(zone)
    except CloudError as error:
        raise type(error)(f"switch client zone v3: {error}") from None


def _find(client: V3, cluster: str, id_: str) -> Document | None:
    pools = client.call("get-sks-cluster", id=cluster).get("nodepools", [])
    return next((pool for pool in pools if pool["id"] == id_), None)


def _body(inputs: Properties) -> Document:
    collected = (inputs.get("kubeletImageGcs") or [{}])[0]
    target = inputs.get("deployTargetId")
    return present(
        name=inputs["name"],
        description=inputs.get("description"),
        disk_size=inputs.get("diskSize"),
        instance_prefix=inputs.get("instancePrefix"),
        anti_affinity_groups=references(inputs.get("antiAffinityGroupIds")),
        security_groups=references(inputs.get("securityGroupIds")),
        private_networks=references(inputs.get("privateNetworkIds")),
        labels=inputs.get("labels"),
        taints={key: _taint(value) for key, value in (inputs.get("taints") or {}).items()},
        deploy_target={"id": target} if target else None,
        kubelet_image_gc=present(
            high_threshold=collected.get("highThreshold"),
            low_threshold=collected.get("lowThreshold"),
            min_age=collected.get("minAge"),
        ),
        public_ip_assignment="dual" if inputs.get("ipv6") else None,
    )


def _merged(client: V3, pool: Document, edit: Edit, changed: frozenset[str]) -> Document:
    """Merges the changes into the live pool. It leaves out what became empty, so the cloud keeps the old value."""
    body = {key: pool[key] for key in _WIRE.values() if pool.get(key) not in (None, "", [], {})}
    new = _body(edit.new)
    for key in changed:
        body.pop(_WIRE[key], None)
        if _WIRE[key] in new:
            body[_WIRE[key]] = new[_WIRE[key]]
    if "instanceType" in changed:
        body["instance-type"] = {"id": _instance_type(client, edit.new["instanceType"])}
    if "description" in changed:
        body["description"] = edit.new.get("description", "")
    if "ipv6" in changed:
        body["public-ip-assignment"] = "dual" if edit.new.get("ipv6") else "inet4"
    body.setdefault("deploy-target", None)
    return body


def _taint(text: str) -> Document:
    value, colon, effect = text.partition(":")
    if not colon or not value or not effect or ":" in effect:
        raise CloudError(f'invalid taint "{text}": expected format VALUE:EFFECT')
    return {"value": value, "effect": effect}


def _instance_type(client: V3, name: str) -> str:
    family, _, size = name.lower().partition(".")
    for kind in client.call("list-instance-types")["instance-types"]:
        if (kind["family"], kind["size"]) == (family, size):
            return str(client.call("get-instance-type", id=kind["id"])["id"])
    raise CloudError("error retrieving instance type: Not Found")


def _family_and_size(value: Any) -> str | None:
    return None if "." in value else f'invalid value "{value}", expected format "FAMILY.SIZE"'


RESOURCE = Resource(
    type="exoscale:index/sksNodepool:SksNodepool",
    inputs={
        "name": Input(),
        "zone": Input(required=True, replaces=True),
        "clusterId": Input(required=True, replaces=True),
        "instanceType": Input(required=True, any_case=True, check=_family_and_size),
        "size": Input(required=True),
        "diskSize": Input(default=50),
        "instancePrefix": Input(default="pool"),
        "description": Input(),
        "labels": Input(),
        "taints": Input(),
        "antiAffinityGroupIds": Input(unordered=True),
        "securityGroupIds": Input(unordered=True),
        "privateNetworkIds": Input(unordered=True),
        "deployTargetId": Input(),
        "ipv6": Input(default=False),
        "storageLvm": Input(default=False),
        "kubeletImageGcs": Input(unordered=True, block=True, terraform="kubelet_image_gc"),
    },
    outputs=("createdAt", "instancePoolId", "state", "templateId", "version"),
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_id="<clusterId>/<id>@<zone>",
    own_timeouts=False,
)
