"""Check: defaults, names and refusals before any call (docs/plugins.md, Exoscale inputs)."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.properties import UNKNOWN, decode
from tests.sandbox.plugins.cloud_bench import Calls
from tests.sandbox.plugins.plugin_driver import Plugin, Refused

CLUSTER = "exoscale:index/sksCluster:SksCluster"
NODEPOOL = "exoscale:index/sksNodepool:SksNodepool"
KUBECONFIG = "exoscale:index/sksKubeconfig:SksKubeconfig"
SERVICE = "exoscale:index/nlbService:NlbService"
GROUP = "exoscale:index/securityGroup:SecurityGroup"
RULE = "exoscale:index/securityGroupRule:SecurityGroupRule"


def _defaults(plugin: Plugin, type_: str, **inputs: Any) -> dict[str, Any]:
    checked = plugin.checked(type_, "x", {"name": "x", **inputs})
    return {key: value for key, value in checked.items() if key in checked["__defaults"]}


def test_the_defaults_are_the_real_ones(plugin: Plugin) -> None:
    pool = {"clusterId": "c", "instanceType": "standard.small", "size": 1, "zone": "z"}
    person = {"clusterId": "c", "groups": ["g"], "user": "u", "zone": "z"}
    assert _defaults(plugin, CLUSTER, zone="z") == {
        "cni": "calico",
        "serviceLevel": "pro",
        "exoscaleCcm": True,
        "metricsServer": True,
        "exoscaleCsi": False,
    }
    assert _defaults(plugin, NODEPOOL, **pool) == {
        "diskSize": 50,
        "instancePrefix": "pool",
        "ipv6": False,
        "storageLvm": False,
    }
    assert _defaults(plugin, KUBECONFIG, **person) == {"ttlSeconds": 2592000, "earlyRenewalSeconds": 0}
    assert _defaults(plugin, RULE, type="INGRESS") == {"protocol": "TCP"}


def test_defaults_inside_a_list_or_an_object_are_filled_in(plugin: Plugin) -> None:
    service = {"nlbId": "n", "instancePoolId": "p", "port": 80, "targetPort": 81, "zone": "z"}
    checked = plugin.checked(SERVICE, "x", {**service, "healthchecks": [{"port": 81, "mode": "http"}]})
    assert checked["healthchecks"] == [{"port": 81, "mode": "http", "interval": 10, "retries": 1, "timeout": 5}]
    assert (checked["protocol"], checked["strategy"]) == ("tcp", "round-robin")
    audited = plugin.checked(CLUSTER, "x", {"zone": "z", "audit": {"enabled": True}})
    assert audited["audit"]["initialBackoff"] == "10s"


def test_a_name_is_made_up_from_the_resources_and_seven_hex_digits(plugin: Plugin) -> None:
    name = plugin.checked(GROUP, "fw", {})["name"]
    prefix, _, digits = name.partition("-")
    assert (prefix, len(digits)) == ("fw", 7)
    int(digits, 16)


def test_a_made_up_name_lives_as_long_as_the_resource(plugin: Plugin) -> None:
    olds = {"name": "fw-0000000", "__defaults": ["name"]}
    assert plugin.checked(GROUP, "fw", {}, olds)["name"] == "fw-0000000"


def test_a_name_that_the_program_gave_up_is_made_up_anew(plugin: Plugin) -> None:
    assert plugin.checked(GROUP, "fw", {}, {"name": "mine", "__defaults": []})["name"] != "mine"


def test_the_stacks_wish_for_a_name_is_honoured(plugin: Plugin) -> None:
    wish = provider_pb2.CheckRequest.AutonamingOptions(mode="ENFORCE", proposed_name="exact")
    assert decode(plugin.check(GROUP, "fw", {}, autonaming=wish).inputs)["name"] == "exact"


def test_a_stack_without_made_up_names_needs_one_from_the_program(plugin: Plugin) -> None:
    wish = provider_pb2.CheckRequest.AutonamingOptions(mode="DISABLE")
    (failure,) = plugin.check(GROUP, "fw", {}, autonaming=wish).failures
    assert 'The argument "name" is required' in failure.reason


def test_a_name_too_long_to_make_up_fails(plugin: Plugin) -> None:
    with pytest.raises(Refused, match="plus 8 random chars is longer than maximum length 255"):
        plugin.check(GROUP, "x" * 250, {})


def test_a_missing_input_is_named_with_the_double_dot(plugin: Plugin) -> None:
    assert plugin.refusals(CLUSTER, "main") == [
        'Missing required argument. The argument "zone" is required, but no definition was found.. '
        "Examine values at 'main.zone'."
    ]


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"type": "ingress"}, 'expected type to be one of ["INGRESS" "EGRESS"], got ingress'),
        (
            {"protocol": "http"},
            'expected protocol to be one of ["AH" "ALL" "ESP" "GRE" "ICMP" "ICMPv6" "IPIP" "TCP" "UDP"], got http',
        ),
        ({"startPort": 0}, "expected start_port to be in the range (1 - 65535), got 0"),
        ({"icmpCode": 255}, "expected icmp_code to be in the range (-1 - 254), got 255"),
        ({"cidr": "10.1.0.0/8"}, "expected cidr to contain a valid network Value, expected 10.0.0.0/8, got 10.1.0.0/8"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(plugin: Plugin, inputs: dict[str, Any], reason: str) -> None:
    key = next(iter(inputs))
    refusals = plugin.refusals(RULE, "in", **{"type": "INGRESS", **inputs})
    assert refusals == [f"{reason}. Examine values at 'in.{key}'."]


def test_an_address_that_is_none_is_refused(plugin: Plugin) -> None:
    for cidr in ("here", "10.0.0.1"):
        (reason,) = plugin.refusals(RULE, "in", type="INGRESS", cidr=cidr)
        assert reason.startswith(f"expected cidr to contain a valid Value, got: {cidr}")


def test_both_sides_of_a_conflict_report(plugin: Plugin) -> None:
    assert plugin.refusals(RULE, "in", type="INGRESS", cidr="::/0", userSecurityGroupId="g") == [
        'Conflicting configuration arguments. "cidr": conflicts with user_security_group_id. '
        "Examine values at 'in.cidr'.",
        'Conflicting configuration arguments. "user_security_group_id": conflicts with cidr. '
        "Examine values at 'in.userSecurityGroupId'.",
    ]


def test_a_protocol_may_be_written_in_any_case(plugin: Plugin) -> None:
    assert plugin.refusals(RULE, "in", type="INGRESS", protocol="icmpv6") == []


def test_an_instance_type_without_a_dot_is_refused(plugin: Plugin) -> None:
    pool = {"clusterId": "c", "size": 1, "zone": "z", "instanceType": "medium"}
    (reason,) = plugin.refusals(NODEPOOL, "p", **pool)
    assert reason.startswith('invalid value "medium", expected format "FAMILY.SIZE"')


def test_an_unknown_value_is_not_validated(plugin: Plugin) -> None:
    assert plugin.refusals(RULE, "in", type="INGRESS", cidr=UNKNOWN, startPort=UNKNOWN) == []


def test_much_that_cannot_be_passes_check_as_in_the_real_plugin(plugin: Plugin, calls: Calls) -> None:
    bad = {"zone": "nowhere", "serviceLevel": "best", "cni": "none", "version": "0.1"}
    assert plugin.refusals(CLUSTER, "c", **bad) == []
    pool = {"clusterId": "c", "instanceType": "a.b", "zone": "z", "size": 0, "diskSize": 1, "taints": {"a": "b"}}
    assert plugin.refusals(NODEPOOL, "p", **pool) == []
    assert calls.take() == []
