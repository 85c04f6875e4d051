"""Security groups: names, external sources, and the refusals to delete a group."""

import ipaddress

from sandbox.api import quota
from sandbox.api.catalogue import public_security_group, public_security_groups
from sandbox.api.errors import BadRequest, Conflict
from sandbox.api.routes import Call, find, operation
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document, public

KIND = "security-group"
DEFAULT = "default"  # attached to instances that name no group (docs/exoscale.md, Security groups)


def default(cloud: Cloud) -> Document:
    """Makes the organisation's `default` group, which exists from the beginning."""
    for group in cloud.store.where(KIND, "name", DEFAULT):
        return group
    group = {"id": cloud.ids.uuid(), "name": DEFAULT, "description": "Default Security Group"}
    cloud.store.put(KIND, group)
    return group


def network(text: str) -> str:
    """Returns a CIDR as the API writes it, without host bits.

    Raises:
        BadRequest: it is not a CIDR.
    """
    try:
        if "/" in text:
            return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        pass
    raise BadRequest(f"Invalid network {text}", [f"{text}: not a CIDR"])


@operation("list-security-groups")
def list_(cloud: Cloud, call: Call) -> Document:
    """Lists the organisation's own groups, or Exoscale's public ones."""
    default(cloud)
    if call.query.get("visibility") == "public":
        return {"security-groups": public_security_groups()}
    return {"security-groups": [_shown(group) for group in cloud.store.list(KIND)]}


@operation("get-security-group")
def get(cloud: Cloud, call: Call) -> Document:
    id_ = call.path["id"]
    return public_security_group({"id": id_}) or _shown(find(cloud, KIND, id_))


@operation("create-security-group")
def create(cloud: Cloud, call: Call) -> Document:
    default(cloud)
    name = call.body["name"].lower()  # as in the real API, so that a mixed-case name drifts here too
    if cloud.store.where(KIND, "name", name):
        raise Conflict("Security Group name is already in use")
    quota.check(cloud, KIND)
    group = {"id": cloud.ids.uuid(), **call.body, "name": name}
    cloud.store.put(KIND, group)
    return cloud.operations.start(call.operation_id, KIND, group["id"])


@operation("delete-security-group")
def delete(cloud: Cloud, call: Call) -> Document:
    group = find(cloud, KIND, call.path["id"])
    if cloud.rules.default_security_group_kept and group["name"] == DEFAULT:
        raise Conflict("The default security group cannot be deleted")
    if cloud.store.where("instance", "security-groups.id", group["id"]):
        raise Conflict("Cannot delete group when it's in use by virtual machines")
    for cluster in cloud.store.where("sks-cluster", "default-security-group-id", group["id"]):
        if cloud.rules.security_group_of_cluster_kept:
            raise Conflict(f"conflict: Security Group {group['name']} is the default of SKS cluster {cluster['id']}")
    for other in cloud.store.where(KIND, "rules.security-group.id", group["id"]):
        # Certain for a group that names itself, assumed for one that another names (docs/exoscale.md, Refusals).
        if other["id"] == group["id"] or cloud.rules.security_group_named_by_rule_refused:
            raise Conflict(f"conflict: Security Group {group['name']} is named by a rule of {other['name']}")
    return cloud.operations.start(call.operation_id, KIND, group["id"])


@effect("create-security-group", "failed")
@effect("delete-security-group", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    cloud.store.delete(KIND, operation["reference"]["id"])


@operation("add-external-source-to-security-group")
def add_source(cloud: Cloud, call: Call) -> Document:
    group = find(cloud, KIND, call.path["id"])
    args = {"cidr": network(call.body["cidr"])}
    return cloud.operations.start(call.operation_id, KIND, group["id"], args=args)


@effect("add-external-source-to-security-group", "finish")
def source_added(cloud: Cloud, operation: Document) -> None:
    group = cloud.store.get(KIND, operation["reference"]["id"])
    if group:
        sources = [*group.get("external-sources", []), operation["_args"]["cidr"]]
        cloud.store.put(KIND, {**group, "external-sources": list(dict.fromkeys(sources))})


@operation("remove-external-source-from-security-group")
def remove_source(cloud: Cloud, call: Call) -> Document:
    group = find(cloud, KIND, call.path["id"])
    args = {"cidr": network(call.body["cidr"])}
    return cloud.operations.start(call.operation_id, KIND, group["id"], args=args)


@effect("remove-external-source-from-security-group", "finish")
def source_removed(cloud: Cloud, operation: Document) -> None:
    group = cloud.store.get(KIND, operation["reference"]["id"])
    if group:
        sources = [source for source in group.pop("external-sources", []) if source != operation["_args"]["cidr"]]
        cloud.store.put(KIND, {**group, "external-sources": sources} if sources else group)


def _shown(group: Document) -> Document:
    return {**public(group), "visibility": "private"}
