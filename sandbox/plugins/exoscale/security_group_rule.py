"""`exoscale.SecurityGroupRule`: global, v2 client; every change makes a new rule."""

from typing import Any

from sandbox.plugins.exoscale.addresses import invalid_network
from sandbox.plugins.exoscale.clients import V2, Clients, Document
from sandbox.plugins.exoscale.errors import CloudError, Gone
from sandbox.plugins.exoscale.schema import Created, Input, Resource, present
from sandbox.plugins.exoscale.security_group import find
from sandbox.plugins.properties import Properties

_DIRECTIONS = ("INGRESS", "EGRESS")
_PROTOCOLS = ("AH", "ALL", "ESP", "GRE", "ICMP", "ICMPv6", "IPIP", "TCP", "UDP")
_TARGETS = ("cidr", "userSecurityGroupId", "userSecurityGroup", "publicSecurityGroup")
_PORTS = ("startPort", "endPort")
_ICMP = ("icmpCode", "icmpType")


def create(clients: Clients, inputs: Properties) -> Created:
    """POSTs the rule and finds it among those that were not there before: the API does not tell its id."""
    client = clients.v2()
    owner = _owner(inputs)
    if not owner:
        raise CloudError("either security_group or security_group_id must be specified")
    group = find(client, owner)
    protocol = inputs["protocol"].lower()
    body = present(
        flow_direction=inputs["type"].lower(),
        protocol=protocol,
        description=inputs.get("description"),
        start_port=inputs.get("startPort") or None,
        end_port=inputs.get("endPort") or None,
    )
    if protocol.startswith("icmp"):
        body["icmp"] = {"code": inputs.get("icmpCode", 0), "type": inputs.get("icmpType", 0)}
    body |= _target(client, inputs)
    before = {rule["id"] for rule in client.call("get-security-group", id=group["id"]).get("rules", [])}
    client.run("add-rule-to-security-group", id=group["id"], **body)
    for rule in client.call("get-security-group", id=group["id"]).get("rules", []):
        if rule["id"] not in before and _same(rule, body):
            return rule["id"], {}
    raise CloudError("unable to identify the rule created")


def read(clients: Clients, id_: str, known: Properties) -> Properties | None:
    """Finds the rule in its group, and the name of the group that it lets in."""
    client = clients.v2()
    try:
        group = find(client, _owner(known))
    except Gone:
        return None
    rule = next((rule for rule in group.get("rules", []) if rule["id"] == id_), None)
    if rule is None:
        return None
    state = {
        "type": rule["flow-direction"].upper(),
        "protocol": rule["protocol"].upper().replace("V6", "v6"),
        "description": rule.get("description", ""),
        "cidr": rule.get("network"),
        "startPort": rule.get("start-port"),
        "endPort": rule.get("end-port"),
        "icmpCode": rule.get("icmp", {}).get("code"),
        "icmpType": rule.get("icmp", {}).get("type"),
        "securityGroupId": group["id"],
        "securityGroup": group["name"],
    }
    source = rule.get("security-group", {})
    if source.get("id"):
        try:
            user = client.call("get-security-group", id=source["id"])
        except CloudError as error:
            raise CloudError(f"unable to retrieve Security Group {source['id']}: {error}") from None
        state |= {"userSecurityGroupId": user["id"], "userSecurityGroup": user["name"]}
    elif source:
        state["publicSecurityGroup"] = source["name"]
    return state


def delete(clients: Clients, id_: str, known: Properties) -> None:
    """Finds the group, then one DELETE."""
    client = clients.v2()
    group = find(client, _owner(known))
    client.run("delete-rule-from-security-group", id=group["id"], rule_id=id_)


def _owner(properties: Properties) -> str:
    return str(properties.get("securityGroupId") or properties.get("securityGroup") or "")


def _target(client: V2, inputs: Properties) -> Document:
    if inputs.get("cidr"):
        return {"network": inputs["cidr"]}
    if inputs.get("publicSecurityGroup"):
        return {"security-group": {"name": inputs["publicSecurityGroup"], "visibility": "public"}}
    name = inputs.get("userSecurityGroupId") or inputs.get("userSecurityGroup")
    if not name:
        raise CloudError(
            "either cidr or user_security_group_id or user_security_group or public_security_group must be specified"
        )
    try:
        return {"security-group": {"id": find(client, name)["id"]}}
    except CloudError as error:
        raise CloudError(f"unable to retrieve Security Group: {error}") from None


def _same(rule: Document, body: Document) -> bool:
    return all(rule.get(key) == body.get(key) for key in ("flow-direction", "protocol", "start-port", "end-port")) and (
        "network" not in body or rule.get("network") == body["network"]
    )


def _type(value: Any) -> str | None:
    if value in _DIRECTIONS:
        return None
    return f'expected type to be one of ["INGRESS" "EGRESS"], got {value}'


def _protocol(value: Any) -> str | None:
    if str(value).lower() in map(str.lower, _PROTOCOLS):
        return None
    listed = " ".join(f'"{protocol}"' for protocol in _PROTOCOLS)
    return f"expected protocol to be one of [{listed}], got {value}"


def _within(attribute: str, low: int, high: int) -> Input:
    def refuse(value: Any) -> str | None:
        if low <= value <= high:
            return None
        return f"expected {attribute} to be in the range ({low} - {high}), got {value}"

    return Input(replaces=True, check=refuse)


RESOURCE = Resource(
    type="exoscale:index/securityGroupRule:SecurityGroupRule",
    inputs={
        "type": Input(required=True, replaces=True, check=_type),
        "protocol": Input(default="TCP", replaces=True, any_case=True, check=_protocol),
        "description": Input(replaces=True),
        "cidr": Input(replaces=True, check=lambda value: invalid_network("cidr", value)),
        "startPort": _within("start_port", 1, 65535),
        "endPort": _within("end_port", 1, 65535),
        "icmpCode": _within("icmp_code", -1, 254),
        "icmpType": _within("icmp_type", -1, 254),
        "securityGroupId": Input(replaces=True, computed=True),
        "securityGroup": Input(replaces=True, computed=True),
        "userSecurityGroupId": Input(replaces=True, computed=True),
        "userSecurityGroup": Input(replaces=True, computed=True),
        "publicSecurityGroup": Input(replaces=True, computed=True),
    },
    outputs=(),
    create=create,
    read=read,
    delete=delete,
    conflicts=(
        frozenset(_TARGETS),
        frozenset({"securityGroupId", "securityGroup"}),
        *(frozenset({port, icmp}) for port in _PORTS for icmp in _ICMP),
    ),
    import_id="<securityGroupId>/<id>",
    update_timeout=False,
)
