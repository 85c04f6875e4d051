"""`exoscale.SksCluster`: zonal, v3 client. Changes that the API cannot make are silently not sent."""

import base64
from typing import Any

from sandbox.plugins.exoscale.clients import V3, Clients, Document
from sandbox.plugins.exoscale.errors import CloudError, Gone
from sandbox.plugins.exoscale.schema import Created, Edit, Input, Resource, ids, present
from sandbox.plugins.exoscale.texts import go_time
from sandbox.plugins.properties import Properties, plain

_ADDONS = {
    "exoscaleCcm": "exoscale-cloud-controller",
    "metricsServer": "metrics-server",
    "exoscaleCsi": "exoscale-container-storage-interface",
}
_AUTHORITIES = {"aggregationCa": "aggregation", "controlPlaneCa": "control-plane", "kubeletCa": "kubelet"}


def create(clients: Clients, inputs: Properties) -> Created:
    """POSTs the cluster; a creation that fails or times out later leaves the cluster and nothing in the state."""
    client = clients.v3(inputs["zone"])
    addons = list(inputs.get("addons") or [])
    addons += [addon for key, addon in _ADDONS.items() if inputs.get(key) and addon not in addons]
    body = present(
        name=inputs["name"],
        level=inputs.get("serviceLevel"),
        cni=inputs.get("cni"),
        addons=addons,
        auto_upgrade=inputs.get("autoUpgrade") or None,
        enable_kube_proxy=inputs.get("enableKubeProxy"),
        labels=inputs.get("labels"),
        description=inputs.get("description"),
        oidc=_oidc(inputs.get("oidc")),
        audit=_new_audit(inputs.get("audit") or {}),
    )
    body["feature-gates"] = inputs.get("featureGates") or []
    body["version"] = inputs.get("version") or _newest(client)
    return client.run("create-sks-cluster", **body), {}


def read(clients: Clients, id_: str, known: Properties) -> Properties | None:
    """GETs the cluster, then the certificates of its three authorities."""
    client = clients.v3(known["zone"])
    try:
        cluster = client.call("get-sks-cluster", id=id_)
    except Gone:
        return None
    authorities = {}
    for key, name in _AUTHORITIES.items():
        certificate = client.call("get-sks-cluster-authority-cert", id=id_, authority=name)["cacert"]
        authorities[key] = base64.b64decode(certificate).decode()
    addons = cluster.get("addons")
    enabled = {key: addon in addons for key, addon in _ADDONS.items()} if addons else {}
    return {
        "name": cluster["name"],
        "description": cluster.get("description") or "",
        "labels": cluster.get("labels") or None,
        "serviceLevel": cluster["level"],
        "cni": cluster.get("cni", ""),
        "version": cluster["version"],
        "autoUpgrade": cluster.get("auto-upgrade", False),
        "enableKubeProxy": cluster.get("enable-kube-proxy", True),
        "featureGates": cluster.get("feature-gates"),
        "createdAt": go_time(cluster["created-at"]),
        "endpoint": cluster["endpoint"],
        "nodepools": ids(cluster.get("nodepools")),
        "state": cluster["state"],
        **({"addons": addons} if addons else {}),
        **enabled,
        **authorities,
    }


def update(clients: Clients, id_: str, edit: Edit) -> None:
    """Upgrades first; then one PUT, whose end is an ended operation or a cluster that was updating and is not."""
    client = clients.v3(edit.new["zone"])
    if edit.touches("version"):
        client.run("upgrade-sks-cluster", id=id_, version=edit.new["version"])
    body = _changes(edit)
    if not body:
        return
    operation = client.call("update-sks-cluster", id=id_, **{"oidc": None, "feature-gates": None, **body})
    seen = False

    def updated() -> bool:
        nonlocal seen
        updating = client.call("get-sks-cluster", id=id_)["state"] == "updating"
        finished, seen = seen and not updating, seen or updating
        return finished

    client.wait(operation, updated)


def delete(clients: Clients, id_: str, known: Properties) -> None:
    """One DELETE, with no look at the nodepools."""
    clients.v3(known["zone"]).run("delete-sks-cluster", id=id_)


def _newest(client: V3) -> str:
    try:
        versions = client.call("list-sks-cluster-versions")["sks-cluster-versions"]
    except CloudError as error:
        raise CloudError(f"error retrieving SKS versions: {error}") from None
    if not versions:
        raise CloudError("ListSKSClusterVersions: API returned empty list")
    return str(versions[0])


def _changes(edit: Edit) -> Document:
    """Returns the body of the PUT. Level, CNI, CCM, metrics server, addons and OIDC are never in it
    (docs/plugins.md, Updates that send nothing)."""
    body: Document = {}
    if edit.touches("featureGates"):
        body["feature-gates"] = edit.new.get("featureGates") or []
    if edit.touches("autoUpgrade"):
        body["auto-upgrade"] = edit.new.get("autoUpgrade", False)
    if edit.touches("name"):
        body["name"] = edit.new["name"]
    if edit.touches("description"):
        body["description"] = edit.new.get("description", "")
    if edit.touches("exoscaleCsi"):
        if not edit.new.get("exoscaleCsi"):
            raise CloudError("disabling the CSI addon is not supported")
        body["addons"] = [*(edit.new.get("addons") or []), _ADDONS["exoscaleCsi"]]
    if edit.touches("audit"):
        body["audit"] = _changed_audit(edit.new.get("audit") or {})
    if edit.touches("labels"):
        labels = edit.new.get("labels")
        if labels:
            body["labels"] = labels
        else:  # an empty map is left out, so the labels stay
            body.setdefault("oidc", None)
    return body


def _new_audit(audit: dict[str, Any]) -> Document | None:
    if not audit.get("enabled") or not audit.get("endpoint"):
        return None
    return present(
        endpoint=audit["endpoint"],
        bearer_token=plain(audit.get("bearerToken")),
        initial_backoff=audit.get("initialBackoff"),
    )


def _changed_audit(audit: dict[str, Any]) -> Document:
    enabled = bool(audit.get("enabled"))
    if enabled and not audit.get("endpoint"):
        raise CloudError("cannot enable audit without setting an endpoint")
    return {"enabled": enabled} | present(
        endpoint=audit.get("endpoint"),
        bearer_token=plain(audit.get("bearerToken")),
        initial_backoff=audit.get("initialBackoff"),
    )


def _oidc(oidc: dict[str, Any] | None) -> Document | None:
    if not oidc:
        return None
    return present(
        client_id=oidc["clientId"],
        issuer_url=oidc["issuerUrl"],
        groups_claim=oidc.get("groupsClaim"),
        groups_prefix=oidc.get("groupsPrefix"),
        required_claim=oidc.get("requiredClaim"),
        username_claim=oidc.get("usernameClaim"),
        username_prefix=oidc.get("usernamePrefix"),
    )


RESOURCE = Resource(
    type="exoscale:index/sksCluster:SksCluster",
    inputs={
        "name": Input(),
        "zone": Input(required=True, replaces=True),
        "description": Input(),
        "labels": Input(),
        "cni": Input(default="calico"),
        "serviceLevel": Input(default="pro"),
        "version": Input(computed=True),
        "autoUpgrade": Input(),
        "enableKubeProxy": Input(computed=True, replaces=True),
        "exoscaleCcm": Input(default=True),
        "metricsServer": Input(default=True),
        "exoscaleCsi": Input(default=False),
        "addons": Input(computed=True, unordered=True),
        "featureGates": Input(unordered=True),
        "oidc": Input(computed=True, flat=True),
        "audit": Input(elements={"initialBackoff": "10s"}, block=True, flat=True),
    },
    outputs=("aggregationCa", "controlPlaneCa", "kubeletCa", "createdAt", "endpoint", "nodepools", "state"),
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_id="<id>@<zone>",
)
