"""Diff: what is an update, what a replacement, what no difference at all (docs/plugins.md, Exoscale differences)."""

from typing import Any

import pytest
from pulumi.runtime.proto.provider_pb2 import DiffRequest, DiffResponse, PropertyDiff

from sandbox.plugins.exoscale.provider import RESOURCES
from sandbox.plugins.properties import UNKNOWN, encode
from tests.sandbox.plugins.plugin_driver import Plugin, Resource

CLUSTER = "exoscale:index/sksCluster:SksCluster"
NODEPOOL = "exoscale:index/sksNodepool:SksNodepool"
SERVICE = "exoscale:index/nlbService:NlbService"
GROUP = "exoscale:index/securityGroup:SecurityGroup"
RULE = "exoscale:index/securityGroupRule:SecurityGroupRule"

POOL = {"clusterId": "c", "instanceType": "standard.small", "size": 1, "zone": "ch-gva-2"}


def _state(plugin: Plugin, type_: str, inputs: dict[str, Any], **outputs: Any) -> Resource:
    """A resource as if it had been created."""
    checked = plugin.checked(type_, "x", inputs)
    echoed = {key: value for key, value in checked.items() if key != "__defaults"}
    return Resource(type_, "x", checked, "id", {**echoed, **outputs})


def _diff(plugin: Plugin, type_: str, old: dict[str, Any], new: dict[str, Any], **outputs: Any) -> DiffResponse:
    return plugin.diff(_state(plugin, type_, old, **outputs), **new)


def test_the_replace_keys_are_the_real_ones() -> None:
    def replaced(type_: str) -> set[str]:
        (resource,) = (r for token, r in RESOURCES.items() if token.endswith(f":{type_}"))
        return {key for key, spec in resource.inputs.items() if spec.replaces}

    assert replaced("DomainRecord") == {"domain", "recordType"}
    assert replaced("SksCluster") == {"zone", "enableKubeProxy"}
    assert replaced("SksNodepool") == {"clusterId", "zone"}
    assert replaced("SksKubeconfig") == {"clusterId", "groups", "user", "ttlSeconds", "zone"}
    assert replaced("Nlb") == {"zone"}
    assert replaced("NlbService") == {"nlbId", "instancePoolId", "zone"}
    assert replaced("SecurityGroup") == {"name", "description"}
    assert replaced("AntiAffinityGroup") == {"name", "description"}
    rule = RESOURCES[RULE]
    assert replaced("SecurityGroupRule") == set(rule.inputs)


def test_a_change_in_place_is_an_update(plugin: Plugin) -> None:
    answer = _diff(plugin, NODEPOOL, POOL, POOL | {"size": 3, "labels": {"a": "b"}})
    assert answer.changes == DiffResponse.DIFF_SOME
    assert (list(answer.diffs), list(answer.replaces)) == (["labels", "size"], [])
    assert {key: diff.kind for key, diff in answer.detailedDiff.items()} == {
        "size": PropertyDiff.UPDATE,
        "labels": PropertyDiff.ADD,
    }
    assert answer.hasDetailedDiff
    assert sorted(answer.stables) == ["clusterId", "zone"]


def test_a_change_of_a_replace_key_replaces(plugin: Plugin) -> None:
    answer = _diff(plugin, NODEPOOL, POOL, POOL | {"zone": "at-vie-1"})
    assert list(answer.replaces) == ["zone"]
    assert answer.detailedDiff["zone"].kind == PropertyDiff.UPDATE_REPLACE
    assert list(answer.stables) == ["clusterId"]


@pytest.mark.parametrize(("named", "first"), [({}, False), ({"name": "mine"}, True)])
def test_the_old_object_goes_first_only_when_the_program_named_it(
    plugin: Plugin, named: dict[str, str], first: bool
) -> None:
    answer = _diff(plugin, NODEPOOL, POOL | named, POOL | named | {"clusterId": "d"})
    assert list(answer.replaces) == ["clusterId"]
    assert answer.deleteBeforeReplace is first


def test_a_named_object_that_is_only_updated_stays(plugin: Plugin) -> None:
    named = POOL | {"name": "mine"}
    assert not _diff(plugin, NODEPOOL, named, named | {"size": 3}).deleteBeforeReplace


def test_a_rule_has_no_name_and_so_the_new_one_comes_first(plugin: Plugin) -> None:
    old = {"type": "INGRESS", "cidr": "10.0.0.0/8", "startPort": 80, "securityGroupId": "g"}
    answer = _diff(plugin, RULE, old, old | {"startPort": 81})
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["startPort"], False)


def test_a_replace_key_that_is_not_known_yet_replaces(plugin: Plugin) -> None:
    answer = _diff(plugin, NODEPOOL, POOL, POOL | {"clusterId": UNKNOWN})
    assert list(answer.replaces) == ["clusterId"]


def test_the_order_of_a_set_is_no_difference(plugin: Plugin) -> None:
    old, new = POOL | {"securityGroupIds": ["a", "b"]}, POOL | {"securityGroupIds": ["b", "a"]}
    assert _diff(plugin, NODEPOOL, old, new).changes == DiffResponse.DIFF_NONE


def test_the_members_of_a_set_are(plugin: Plugin) -> None:
    old, new = POOL | {"securityGroupIds": ["a", "b"]}, POOL | {"securityGroupIds": ["b"]}
    assert list(_diff(plugin, NODEPOOL, old, new).diffs) == ["securityGroupIds"]


def test_letter_case_is_no_difference_where_the_provider_ignores_it(plugin: Plugin) -> None:
    old = {"type": "INGRESS", "protocol": "tcp", "startPort": 80}
    assert _diff(plugin, RULE, old, old | {"protocol": "TCP"}).changes == DiffResponse.DIFF_NONE
    assert _diff(plugin, NODEPOOL, POOL, POOL | {"instanceType": "Standard.Small"}).changes == DiffResponse.DIFF_NONE
    assert _diff(plugin, GROUP, {"name": "fw"}, {"name": "FW"}).changes == DiffResponse.DIFF_NONE


def test_what_the_cloud_chose_is_no_difference(plugin: Plugin) -> None:
    old = {"zone": "ch-gva-2"}
    chosen = {"version": "1.35.0", "addons": ["metrics-server"], "enableKubeProxy": True}
    assert _diff(plugin, CLUSTER, old, old, **chosen).changes == DiffResponse.DIFF_NONE
    assert list(_diff(plugin, CLUSTER, old, old | {"version": "1.36.0"}, **chosen).diffs) == ["version"]


def test_empty_and_absent_are_the_same(plugin: Plugin) -> None:
    empty = {"description": "", "labels": {}, "securityGroupIds": [], "deployTargetId": ""}
    assert _diff(plugin, NODEPOOL, POOL, POOL, **empty).changes == DiffResponse.DIFF_NONE
    assert _diff(plugin, NODEPOOL, POOL, POOL | empty).changes == DiffResponse.DIFF_NONE


def test_taking_an_input_away_is_a_deletion(plugin: Plugin) -> None:
    answer = _diff(plugin, NODEPOOL, POOL | {"description": "d"}, POOL)
    assert answer.detailedDiff["description"].kind == PropertyDiff.DELETE


def test_what_the_cloud_fills_into_a_healthcheck_is_no_difference(plugin: Plugin) -> None:
    check = {"port": 81, "interval": 10, "mode": "tcp", "retries": 1, "timeout": 5}
    old = {"nlbId": "n", "instancePoolId": "p", "port": 80, "targetPort": 81, "zone": "z", "healthchecks": [check]}
    read_back = [{**check, "tlsSni": "", "uri": ""}]
    assert _diff(plugin, SERVICE, old, old, healthchecks=read_back).changes == DiffResponse.DIFF_NONE
    changed = old | {"healthchecks": [{**check, "retries": 2}]}
    assert list(_diff(plugin, SERVICE, old, changed, healthchecks=read_back).diffs) == ["healthchecks"]


def test_a_change_that_is_ignored_is_no_difference(plugin: Plugin) -> None:
    old = _state(plugin, NODEPOOL, POOL)
    request = DiffRequest(
        id=old.id,
        urn=old.urn,
        olds=encode(old.outputs),
        news=encode(old.inputs | {"size": 9}),
        ignoreChanges=["size"],
    )
    assert plugin.call("Diff", request).changes == DiffResponse.DIFF_NONE
