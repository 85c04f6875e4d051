"""Rules of security groups, and the check whether they allow traffic."""

import ipaddress

from sandbox.api.catalogue import public_security_group
from sandbox.api.errors import BadRequest, NotFound, OperationFailed
from sandbox.api.routes import Call, find, operation
from sandbox.api.security_group import KIND, network
from sandbox.cloud import Cloud
from sandbox.operations import effect
from sandbox.store import Document

_WITH_PORTS = ("tcp", "udp")
_ANY = -1  # ICMP type or code


def admits_everyone(cloud: Cloud, group_ids: list[str], protocol: str, port: int) -> bool:
    """Whether one of these groups opens that port to the whole internet."""
    return any(
        rule["flow-direction"] == "ingress"
        and rule["protocol"] in ("all", protocol)
        and rule.get("start-port", 1) <= port <= rule.get("end-port", 65535)
        and "network" in rule
        and ipaddress.ip_network(rule["network"]).prefixlen == 0
        for id_ in group_ids
        for rule in (cloud.store.get(KIND, id_) or {}).get("rules", [])
    )


@operation("add-rule-to-security-group")
def add(cloud: Cloud, call: Call) -> Document:
    """Adds a rule. The operation refers to the group, not the rule: clients read the group and look for the new
    rule."""
    group = find(cloud, KIND, call.path["id"])
    rule: Document = {"id": cloud.ids.uuid(), **call.body}
    if ("network" in rule) == ("security-group" in rule):
        raise BadRequest("a rule needs a network or a security-group, and not both")
    if "network" in rule:
        rule["network"] = network(rule["network"])
    else:
        rule["security-group"] = _other_group(cloud, rule["security-group"])
    if rule["protocol"] in _WITH_PORTS:
        start, end = rule.get("start-port"), rule.get("end-port")
        if start is None or end is None or start > end:
            raise BadRequest(f"a {rule['protocol']} rule needs start-port and end-port, the first not above the second")
    if rule["protocol"] in ("icmp", "icmpv6"):
        rule["icmp"] = {"code": _ANY, "type": _ANY, **rule.get("icmp", {})}
    return cloud.operations.start(call.operation_id, KIND, group["id"], args={"rule": rule})


@effect("add-rule-to-security-group", "finish")
def added(cloud: Cloud, operation: Document) -> None:
    group = cloud.store.get(KIND, operation["reference"]["id"])
    if group is None:
        raise OperationFailed("not-found", f"Security group {operation['reference']['id']} not found")
    cloud.store.put(KIND, {**group, "rules": [*group.get("rules", []), operation["_args"]["rule"]]})


@operation("delete-rule-from-security-group")
def delete(cloud: Cloud, call: Call) -> Document:
    group, rule_id = find(cloud, KIND, call.path["id"]), call.path["rule-id"]
    if not any(rule["id"] == rule_id for rule in group.get("rules", [])):
        raise NotFound(f"Security group rule {rule_id} not found")
    return cloud.operations.start(call.operation_id, KIND, group["id"], args={"rule": rule_id})


@effect("delete-rule-from-security-group", "finish")
def deleted(cloud: Cloud, operation: Document) -> None:
    """Deletes a rule; with the last one, the key `rules` disappears (docs/exoscale.md, Security groups)."""
    group = cloud.store.get(KIND, operation["reference"]["id"])
    if group:
        rules = [rule for rule in group.pop("rules", []) if rule["id"] != operation["_args"]["rule"]]
        cloud.store.put(KIND, {**group, "rules": rules} if rules else group)


def _other_group(cloud: Cloud, reference: Document) -> Document:
    """Returns the group that a rule names: by id, or, for a public one, also by name."""
    if group := public_security_group(reference):
        return {**group}
    if "id" not in reference:
        raise NotFound(f"Public security group {reference.get('name')} not found")
    other = find(cloud, KIND, reference["id"])
    return {"id": other["id"], "name": other["name"]}
