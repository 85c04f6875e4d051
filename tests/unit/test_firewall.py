"""What the security group lets through."""

from typing import Any

import pytest

from components.firewall import Firewall, FirewallArgs
from components.identity import Identity
from tests.unit.conftest import configure, execute

ITSELF, ANYWHERE = "nodes-group-id", "0.0.0.0/0"
KUBELET = ("TCP", 10250, 10250, ITSELF)
OPEN = {("TCP", 30000, 32767, ANYWHERE), ("UDP", 30000, 32767, ANYWHERE)}
CALICO = {("UDP", 4789, 4789, ITSELF)}
CILIUM = {("UDP", 8472, 8472, ITSELF), ("TCP", 4240, 4240, ITSELF), ("ICMP", 8, 0, ITSELF)}


def row(rule: dict[str, Any]) -> tuple[Any, ...]:
    ports = ("icmpType", "icmpCode") if rule["protocol"] == "ICMP" else ("startPort", "endPort")
    assert rule["type"] == "INGRESS"
    assert rule["securityGroupId"] == ITSELF
    assert ("cidr" in rule) != ("userSecurityGroupId" in rule)
    return rule["protocol"], *(rule[port] for port in ports), rule.get("cidr") or rule["userSecurityGroupId"]


@pytest.mark.parametrize(
    ("cni", "open_node_ports", "expected"),
    [
        ("calico", True, {KUBELET} | CALICO | OPEN),
        ("calico", False, {KUBELET} | CALICO),
        ("cilium", True, {KUBELET} | CILIUM | OPEN),
        ("cilium", False, {KUBELET} | CILIUM),
    ],
)
def test_each_network_plugin_gets_its_own_rules_and_node_ports_can_be_closed(
    cni: str, open_node_ports: bool, expected: set[tuple[Any, ...]]
) -> None:
    args = FirewallArgs(Identity("p", "dev", "me"), "ch-gva-2", cni, open_node_ports)
    world = execute(lambda: Firewall("nodes", args), configure({}))

    assert {row(item.inputs) for item in world.of("SecurityGroupRule")} == expected
