"""What stands in the state of each resource, property by property (docs/plugins.md, Exoscale states)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.plugins.exoscale.provider import RESOURCES
from sandbox.plugins.exoscale.raw_state import DELTA, delta
from sandbox.plugins.exoscale.state import outputs
from sandbox.plugins.properties import UNKNOWN, Properties, Secret
from tests.sandbox.plugins.plugin_driver import Plugin, Resource

Make = Callable[..., Resource]

ZONE = "ch-gva-2"
HOUR = 3_600_000_000_000  # in nanoseconds


class _Text:
    """Equals every text but the empty one."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other != ""

    def __repr__(self) -> str:
        return "TEXT"


TEXT: Any = _Text()


@pytest.fixture
def made(plugin: Plugin, cluster: Make, nodepool: Make, balancer: Make, domain: str) -> Callable[[str], Resource]:
    """Makes one resource of a type, with no more than what it needs."""

    def service() -> Resource:
        ports = {"port": 80, "targetPort": 30080, "healthchecks": [{"port": 30080}]}
        wanted = {"nlbId": balancer().id, "instancePoolId": nodepool()["instancePoolId"], "zone": ZONE, **ports}
        return plugin.create("exoscale:index/nlbService:NlbService", "web", **wanted)

    def kubeconfig() -> Resource:
        wanted = {"clusterId": cluster().id, "zone": ZONE, "user": "me", "groups": ["b", "a"]}
        return plugin.create("exoscale:index/sksKubeconfig:SksKubeconfig", "k", **wanted)

    def group() -> Resource:
        return plugin.create("exoscale:index/securityGroup:SecurityGroup", "fw")

    def rule() -> Resource:
        wanted = {"type": "INGRESS", "cidr": "10.0.0.0/8", "startPort": 80, "endPort": 81}
        wanted["securityGroupId"] = group().id
        return plugin.create("exoscale:index/securityGroupRule:SecurityGroupRule", "in", **wanted)

    def record() -> Resource:
        wanted = {"domain": domain, "name": "*.demo", "recordType": "A", "content": "192.0.2.1"}
        return plugin.create("exoscale:index/domainRecord:DomainRecord", "name", **wanted)

    makers: dict[str, Callable[[], Resource]] = {
        "AntiAffinityGroup": lambda: plugin.create("exoscale:index/antiAffinityGroup:AntiAffinityGroup", "apart"),
        "DomainRecord": record,
        "Nlb": balancer,
        "NlbService": service,
        "SecurityGroup": group,
        "SecurityGroupRule": rule,
        "SksCluster": lambda: cluster(cni="calico"),
        "SksKubeconfig": kubeconfig,
        "SksNodepool": nodepool,
    }
    return lambda kind: makers[kind]()


STATES: dict[str, Properties] = {
    "AntiAffinityGroup": {"description": "", "name": TEXT, DELTA: {"obj": {}}},
    "DomainRecord": {
        "content": "192.0.2.1",
        "contentNormalized": "192.0.2.1",
        "domain": TEXT,
        "hostname": "*.demo.example.org",
        "name": "*.demo",
        "prio": 0,
        "recordType": "A",
        "ttl": 3600,
        DELTA: {"obj": {}},
    },
    "Nlb": {
        "createdAt": TEXT,
        "description": "",
        "ipAddress": TEXT,
        "labels": None,
        "name": TEXT,
        "services": [],
        "state": "running",
        "zone": ZONE,
        DELTA: {"obj": {"ps": {"services": {"arr": {}}}}},
    },
    "NlbService": {
        "description": "",
        "healthchecks": [
            {"interval": 10, "mode": "tcp", "port": 30080, "retries": 1, "timeout": 5, "tlsSni": "", "uri": ""}
        ],
        "instancePoolId": TEXT,
        "name": TEXT,
        "nlbId": TEXT,
        "port": 80,
        "protocol": "tcp",
        "state": "running",
        "strategy": "round-robin",
        "targetPort": 30080,
        "zone": ZONE,
        DELTA: {
            "obj": {
                "ps": {"healthchecks": {"arr": {"el": {"0": {"obj": {}}}}}},
                "renamed": {"healthchecks": "healthcheck"},
            }
        },
    },
    "SecurityGroup": {"description": "", "externalSources": None, "name": TEXT, DELTA: {"obj": {}}},
    "SecurityGroupRule": {
        "cidr": "10.0.0.0/8",
        "description": "",
        "endPort": 81,
        "icmpCode": None,
        "icmpType": None,
        "protocol": "TCP",
        "publicSecurityGroup": None,
        "securityGroup": TEXT,
        "securityGroupId": TEXT,
        "startPort": 80,
        "type": "INGRESS",
        "userSecurityGroup": None,
        "userSecurityGroupId": None,
        DELTA: {"obj": {}},
    },
    "SksCluster": {
        "addons": ["exoscale-cloud-controller", "metrics-server"],
        "aggregationCa": TEXT,
        "audit": None,
        "autoUpgrade": False,
        "cni": "calico",
        "controlPlaneCa": TEXT,
        "createdAt": TEXT,
        "description": "",
        "enableKubeProxy": True,
        "endpoint": TEXT,
        "exoscaleCcm": True,
        "exoscaleCsi": False,
        "featureGates": None,
        "kubeletCa": TEXT,
        "labels": None,
        "metricsServer": True,
        "name": TEXT,
        "nodepools": [],
        "oidc": None,
        "serviceLevel": "starter",
        "state": "running",
        "version": TEXT,
        "zone": ZONE,
        DELTA: {"obj": {"ps": {"addons": {"arr": {}}, "audit": {"plu": {"i": {}}}, "nodepools": {"arr": {}}}}},
    },
    "SksKubeconfig": {
        "clusterId": TEXT,
        "earlyRenewalSeconds": 0,
        "groups": ["a", "b"],
        "kubeconfig": Secret(TEXT),
        "readyForRenewal": False,
        "ttlSeconds": 2592000,
        "user": "me",
        "zone": ZONE,
        DELTA: {"obj": {"ps": {"groups": {"arr": {}}}}},
    },
    "SksNodepool": {
        "antiAffinityGroupIds": None,
        "clusterId": TEXT,
        "createdAt": TEXT,
        "deployTargetId": None,
        "description": "",
        "diskSize": 20,
        "instancePoolId": TEXT,
        "instancePrefix": "pool",
        "instanceType": "standard.small",
        "ipv6": False,
        "kubeletImageGcs": [],
        "labels": None,
        "name": TEXT,
        "privateNetworkIds": None,
        "securityGroupIds": None,
        "size": 1,
        "state": "running",
        "storageLvm": False,
        "taints": None,
        "templateId": TEXT,
        "version": TEXT,
        "zone": ZONE,
        DELTA: {
            "obj": {"ps": {"kubeletImageGcs": {"arr": {}}}, "renamed": {"kubeletImageGcs": "kubelet_image_gc"}},
        },
    },
}


def _meta(*calls: str, **more: Any) -> Properties:
    return {"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0": dict.fromkeys(calls, HOUR), **more}


METAS = dict.fromkeys(STATES, _meta("create", "delete", "read", "update")) | {
    "AntiAffinityGroup": _meta("create", "delete", "read"),
    "DomainRecord": _meta("create", "delete", "read", "update", schema_version="1"),
    "SecurityGroup": _meta("create", "delete", "read", schema_version="1"),
    "SecurityGroupRule": _meta("create", "delete", "read"),
}


def test_every_type_has_its_state_here() -> None:
    assert sorted(STATES) == sorted(type_.rpartition(":")[2] for type_ in RESOURCES)


@pytest.mark.parametrize("kind", STATES)
def test_a_created_resource_stands_in_the_state_as_the_real_plugin_writes_it(
    made: Callable[[str], Resource], kind: str
) -> None:
    resource = made(kind)
    state = {**resource.outputs}
    assert json.loads(state.pop("__meta")) == METAS[kind]
    assert state == STATES[kind] | {"id": resource.id}


@pytest.mark.parametrize("kind", STATES)
def test_a_created_resource_differs_in_nothing_and_refreshes_to_itself(
    plugin: Plugin, made: Callable[[str], Resource], kind: str
) -> None:
    resource = made(kind)
    assert not plugin.diff(resource).diffs
    read = plugin.read(resource)
    assert read is not None
    assert (read.inputs, read.outputs) == (resource.inputs, resource.outputs)


@pytest.mark.parametrize("kind", STATES)
def test_a_state_that_an_earlier_stand_in_wrote_differs_in_nothing_and_is_completed_by_a_refresh(
    plugin: Plugin, made: Callable[[str], Resource], kind: str
) -> None:
    resource = made(kind)
    added = ("id", "__meta", DELTA, "kubeletImageGcs")
    known = {key: value for key, value in resource.outputs.items() if value is not None and key not in added}
    kept: Properties = {key: [] for key in ("featureGates", "privateNetworkIds") if key in resource.outputs}
    known |= kept | ({"deployTargetId": ""} if "deployTargetId" in resource.outputs else {})
    earlier = Resource(resource.type, resource.name, resource.inputs, resource.id, known)
    assert not plugin.diff(earlier).diffs
    read = plugin.read(earlier)
    assert read is not None
    assert {**read.outputs, DELTA: resource.outputs[DELTA]} == resource.outputs | kept, "an empty list stays one"
    assert read.inputs == resource.inputs
    assert not plugin.diff(read).diffs
    plugin.delete(earlier)


def test_the_members_of_a_set_are_sorted(plugin: Plugin, cluster: Make, nodepool: Make) -> None:
    made = cluster(featureGates=["Zeta", "Alpha"], exoscaleCsi=True)
    assert made["featureGates"] == ["Alpha", "Zeta"]
    assert made["addons"] == sorted(made["addons"])
    groups = [plugin.create("exoscale:index/securityGroup:SecurityGroup", name).id for name in ("a", "b", "c")]
    pool = nodepool(securityGroupIds=sorted(groups, reverse=True))
    assert pool["securityGroupIds"] == sorted(groups)
    assert pool.inputs["securityGroupIds"] == sorted(groups, reverse=True), "the program's order stays"


def test_an_empty_collection_is_null_though_the_program_gave_one(plugin: Plugin, nodepool: Make) -> None:
    pool = nodepool(labels={}, taints={}, securityGroupIds=[])
    assert (pool["labels"], pool["taints"], pool["securityGroupIds"]) == (None, None, None)
    assert not plugin.diff(pool).diffs


def test_custom_timeouts_stand_in_the_state_until_the_next_update(plugin: Plugin, balancer: Make) -> None:
    def limits(resource: Resource) -> Any:
        return json.loads(resource["__meta"])["e2bfb730-ecaa-11e6-8f88-34363bc7c4c0"]

    made = balancer(timeout=60)
    assert limits(made) == {"create": HOUR // 60, "delete": HOUR, "read": HOUR, "update": HOUR}
    read = plugin.read(made)
    assert read is not None
    assert limits(read) == limits(made)
    changed = plugin.update(made, zone=ZONE, name="other", timeout=120)
    assert limits(changed) == {"create": HOUR, "delete": HOUR, "read": HOUR, "update": HOUR // 30}


def test_an_output_that_is_not_known_yet_leaves_no_delta(plugin: Plugin, balancer: Make) -> None:
    made = balancer()
    assert DELTA not in plugin.update(made, zone=ZONE, labels={"a": UNKNOWN}, preview=True).outputs
    assert DELTA in plugin.update(made, zone=ZONE, labels={"a": "b"}, preview=True).outputs


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("Nlb", {"labels": {"a": "b"}}, {"labels": {"map": {}}}),
        ("SecurityGroup", {"externalSources": ["10.0.0.0/8"]}, {"externalSources": {"arr": {}}}),
        (
            "SksNodepool",
            {"kubeletImageGcs": [{"minAge": "1h"}]},
            {"kubeletImageGcs": {"arr": {"el": {"0": {"obj": {}}}}}},
        ),
        ("SksCluster", {"audit": {"enabled": True}}, {"audit": {"plu": {"i": {"obj": {}}}}}),
        (
            "SksCluster",
            {"oidc": {"clientId": "c", "requiredClaim": {"a": "b"}}},
            {"audit": {"plu": {"i": {}}}, "oidc": {"plu": {"i": {"obj": {"ps": {"requiredClaim": {"map": {}}}}}}}},
        ),
    ],
)
def test_the_delta_tells_maps_objects_and_lists_of_one_apart(
    kind: str, given: Properties, expected: Properties
) -> None:
    (resource,) = (one for type_, one in RESOURCES.items() if type_.endswith(f":{kind}"))
    state = outputs(resource, "id", given)
    assert state[DELTA] == delta(resource, state)
    assert state[DELTA]["obj"]["ps"] == expected
