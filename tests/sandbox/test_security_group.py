"""Security groups and their rules, through the official client."""

from collections.abc import Callable
from typing import Any

import pytest
from exoscale.api.exceptions import ExoscaleAPIClientException

from sandbox.api.security_group_rule import admits_everyone
from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from sandbox.faults import Fault

Settle = Callable[[dict[str, Any]], str]
UNKNOWN = "2f9ec3b2-0a1e-4b0c-9d9a-0d9d2c1b7e11"
NODE_PORTS = {"flow_direction": "ingress", "protocol": "tcp", "start_port": 30000, "end_port": 32767}
WORLD = {**NODE_PORTS, "network": "0.0.0.0/0"}


@pytest.fixture
def group(client: SandboxClient, settle: Settle) -> str:
    return settle(client.create_security_group(name="nodes", description="of a test"))


def rules(client: SandboxClient, group: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get_security_group(id=group).get("rules", [])
    return found


def test_a_new_group_has_no_rules_key(client: SandboxClient, group: str) -> None:
    wanted = {"id": group, "name": "nodes", "description": "of a test", "visibility": "private"}
    assert client.get_security_group(id=group) == wanted


def test_the_default_group_is_there_from_the_beginning_and_only_once(client: SandboxClient) -> None:
    for _ in range(2):
        assert [row["name"] for row in client.list_security_groups()["security-groups"]] == ["default"]


def test_the_organisations_own_groups_are_private_and_exoscales_are_public(client: SandboxClient, group: str) -> None:
    rows = client.list_security_groups()["security-groups"]
    assert {row["visibility"] for row in rows} == {"private"}
    assert group in [row["id"] for row in rows]
    public = client.list_security_groups(visibility="public")["security-groups"]
    assert {row["visibility"] for row in public} == {"public"}
    assert {"public-sks-apiservers", "public-nlb-healthcheck-sources"} <= {row["name"] for row in public}
    assert [client.get_security_group(id=row["id"]) for row in public] == public


def test_groups_are_one_store_seen_from_every_zone(group: str, connected: Callable[..., SandboxClient]) -> None:
    assert connected(zone="de-muc-1").get_security_group(id=group)["name"] == "nodes"


def test_names_are_lower_cased(client: SandboxClient, settle: Settle) -> None:
    assert client.get_security_group(id=settle(client.create_security_group(name="Mixed")))["name"] == "mixed"


@pytest.mark.parametrize("name", ["nodes", "NODES", "default"])
def test_a_taken_name_is_refused(client: SandboxClient, group: str, name: str) -> None:
    with pytest.raises(ExoscaleAPIClientException, match=r"409.*Security Group name is already in use"):
        client.create_security_group(name=name)


def test_a_creation_that_fails_leaves_the_name_free(client: SandboxClient, cloud: Cloud, settle: Settle) -> None:
    cloud.faults.arm(Fault("create-security-group", "failure"))
    client.create_security_group(name="nodes")
    settle(client.create_security_group(name="nodes"))


def test_the_operation_that_adds_a_rule_refers_to_the_group(client: SandboxClient, group: str) -> None:
    operation = client.add_rule_to_security_group(id=group, **WORLD)
    assert operation["reference"] == {
        "id": group,
        "link": f"/v2/security-group/{group}",
        "command": "get-security-group",
    }


def test_a_rule_is_echoed_as_it_was_sent(client: SandboxClient, group: str, settle: Settle) -> None:
    settle(client.add_rule_to_security_group(id=group, **WORLD, description="node ports"))
    [rule] = rules(client, group)
    del rule["id"]
    assert rule == {
        "flow-direction": "ingress",
        "protocol": "tcp",
        "start-port": 30000,
        "end-port": 32767,
        "network": "0.0.0.0/0",
        "description": "node ports",
    }


def test_equal_rules_get_ids_of_their_own(client: SandboxClient, group: str, settle: Settle) -> None:
    for _ in range(2):
        settle(client.add_rule_to_security_group(id=group, **WORLD))
    assert len({rule["id"] for rule in rules(client, group)}) == 2


def test_a_rule_may_name_its_own_group(client: SandboxClient, group: str, settle: Settle) -> None:
    settle(client.add_rule_to_security_group(id=group, **NODE_PORTS, security_group={"id": group}))
    assert rules(client, group)[0]["security-group"] == {"id": group, "name": "nodes"}


def test_a_network_is_normalised(client: SandboxClient, group: str, settle: Settle) -> None:
    settle(client.add_rule_to_security_group(id=group, **NODE_PORTS, network="10.1.2.3/8"))
    settle(client.add_rule_to_security_group(id=group, **NODE_PORTS, network="2001:DB8:0::1/32"))
    assert [rule["network"] for rule in rules(client, group)] == ["10.0.0.0/8", "2001:db8::/32"]


def test_an_icmp_rule_is_for_any_type_unless_it_says_more(client: SandboxClient, group: str, settle: Settle) -> None:
    ping = {"flow_direction": "ingress", "protocol": "icmp", "network": "0.0.0.0/0"}
    settle(client.add_rule_to_security_group(id=group, **ping))
    settle(client.add_rule_to_security_group(id=group, **ping, icmp={"type": 8, "code": 0}))
    assert [rule["icmp"] for rule in rules(client, group)] == [{"code": -1, "type": -1}, {"code": 0, "type": 8}]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"network": "10.0.0.0"}, "Invalid network 10.0.0.0"),
        ({"network": "10.0.0.0/33"}, "Invalid network 10.0.0.0/33"),
        ({"network": None}, "network"),
        ({"security_group": {"id": UNKNOWN}}, "not both"),
        ({"start_port": 40000}, "start-port and end-port"),
        ({"end_port": 70000}, "end-port"),
        ({"protocol": "TCP"}, "protocol"),
        ({"flow_direction": "in"}, "flow-direction"),
    ],
)
def test_a_bad_rule_is_refused(client: SandboxClient, group: str, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ExoscaleAPIClientException, match=rf"400.*{why}"):
        client.add_rule_to_security_group(id=group, **{**WORLD, **changes})
    assert rules(client, group) == []


def test_a_rule_needs_ports_for_tcp_and_a_source(client: SandboxClient, group: str) -> None:
    with pytest.raises(ExoscaleAPIClientException, match=r"400.*start-port and end-port"):
        client.add_rule_to_security_group(id=group, flow_direction="ingress", protocol="udp", network="0.0.0.0/0")
    with pytest.raises(ExoscaleAPIClientException, match=r"400.*a network or a security-group"):
        client.add_rule_to_security_group(id=group, **NODE_PORTS)


def test_a_rule_that_names_an_unknown_group_is_refused(client: SandboxClient, group: str) -> None:
    for other in ({"id": UNKNOWN}, {"name": "public-nothing", "visibility": "public"}):
        with pytest.raises(ExoscaleAPIClientException, match=r"404"):
            client.add_rule_to_security_group(id=group, **NODE_PORTS, security_group=other)


def test_a_rule_may_name_a_public_group_by_name_or_id(client: SandboxClient, group: str) -> None:
    [public] = [
        row
        for row in client.list_security_groups(visibility="public")["security-groups"]
        if row["name"] == "public-sks-apiservers"
    ]
    for other in ({"id": public["id"]}, {"name": public["name"], "visibility": "public"}):
        client.wait(client.add_rule_to_security_group(id=group, **NODE_PORTS, security_group=other)["id"])
    assert [rule["security-group"] for rule in rules(client, group)] == [public, public]


def test_a_deleted_rule_is_gone_and_the_last_one_takes_the_key_along(
    client: SandboxClient, group: str, settle: Settle
) -> None:
    settle(client.add_rule_to_security_group(id=group, **WORLD))
    [rule] = rules(client, group)
    settle(client.delete_rule_from_security_group(id=group, rule_id=rule["id"]))
    assert "rules" not in client.get_security_group(id=group)
    with pytest.raises(ExoscaleAPIClientException, match=r"404.*rule .* not found"):
        client.delete_rule_from_security_group(id=group, rule_id=rule["id"])


def test_a_rule_whose_addition_fails_is_not_there(client: SandboxClient, group: str, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("add-rule-to-security-group", "failure"))
    client.add_rule_to_security_group(id=group, **WORLD)
    assert rules(client, group) == []


def test_external_sources_come_and_go(client: SandboxClient, group: str, settle: Settle) -> None:
    for cidr in ("10.0.0.1/8", "10.0.0.0/8", "192.0.2.0/24"):
        settle(client.add_external_source_to_security_group(id=group, cidr=cidr))
    assert client.get_security_group(id=group)["external-sources"] == ["10.0.0.0/8", "192.0.2.0/24"]
    for cidr in ("10.0.0.0/8", "192.0.2.0/24"):
        settle(client.remove_external_source_from_security_group(id=group, cidr=cidr))
    assert "external-sources" not in client.get_security_group(id=group)


def test_a_deleted_group_is_gone(client: SandboxClient, group: str, settle: Settle) -> None:
    assert settle(client.delete_security_group(id=group)) == group
    with pytest.raises(ExoscaleAPIClientException, match=r"404"):
        client.get_security_group(id=group)
    with pytest.raises(ExoscaleAPIClientException, match=r"404"):
        client.delete_security_group(id=group)


def test_a_group_worn_by_an_instance_cannot_be_deleted(
    client: SandboxClient, group: str, cloud: Cloud, settle: Settle
) -> None:
    cloud.store.put("instance", {"id": UNKNOWN, "security-groups": [{"id": group}]})
    with pytest.raises(
        ExoscaleAPIClientException, match=r"409.*Cannot delete group when it's in use by virtual machines"
    ):
        client.delete_security_group(id=group)
    cloud.store.delete("instance", UNKNOWN)
    settle(client.delete_security_group(id=group))


def test_a_group_whose_rules_name_itself_cannot_be_deleted(
    client: SandboxClient, group: str, cloud: Cloud, settle: Settle
) -> None:
    cloud.rules.security_group_named_by_rule_refused = False  # that one is about other groups
    settle(client.add_rule_to_security_group(id=group, **NODE_PORTS, security_group={"id": group}))
    with pytest.raises(ExoscaleAPIClientException, match=r"409.*conflict"):
        client.delete_security_group(id=group)
    settle(client.delete_rule_from_security_group(id=group, rule_id=rules(client, group)[0]["id"]))
    settle(client.delete_security_group(id=group))


def test_a_group_named_by_another_ones_rule_cannot_be_deleted_by_assumption(
    client: SandboxClient, group: str, cloud: Cloud, settle: Settle
) -> None:
    other = settle(client.create_security_group(name="other"))
    settle(client.add_rule_to_security_group(id=other, **NODE_PORTS, security_group={"id": group}))
    with pytest.raises(ExoscaleAPIClientException, match=r"409.*conflict.*other"):
        client.delete_security_group(id=group)
    cloud.rules.security_group_named_by_rule_refused = False
    settle(client.delete_security_group(id=group))


def test_the_default_group_cannot_be_deleted_by_assumption(client: SandboxClient, cloud: Cloud, settle: Settle) -> None:
    [default] = client.list_security_groups()["security-groups"]
    with pytest.raises(ExoscaleAPIClientException, match=r"409.*default"):
        client.delete_security_group(id=default["id"])
    cloud.rules.default_security_group_kept = False
    settle(client.delete_security_group(id=default["id"]))


@pytest.mark.parametrize(
    ("protocol", "port", "admitted"),
    [("tcp", 30000, True), ("tcp", 32767, True), ("tcp", 29999, False), ("udp", 30000, False)],
)
def test_the_world_may_in_where_a_rule_says_so(
    client: SandboxClient, group: str, cloud: Cloud, settle: Settle, protocol: str, port: int, admitted: bool
) -> None:
    settle(client.add_rule_to_security_group(id=group, **WORLD))
    settle(client.add_rule_to_security_group(id=group, **{**WORLD, "network": "10.0.0.0/8", "protocol": "udp"}))
    assert admits_everyone(cloud, [UNKNOWN, group], protocol, port) is admitted
