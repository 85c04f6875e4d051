"""Calls in the real plugin's order; P is a wait, Z the zone's look-up (docs/plugins.md, Exoscale calls)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.plugins.properties import UNKNOWN
from tests.sandbox.plugins.cloud_bench import Calls
from tests.sandbox.plugins.plugin_driver import Plugin, Refused, Resource

Make = Callable[..., Resource]

AUTHORITIES = [f"GET /sks-cluster/*/authority/{name}/cert" for name in ("aggregation", "control-plane", "kubelet")]
READ_CLUSTER = ["Z", "GET /sks-cluster/*", *AUTHORITIES]
READ_POOL = ["Z", "GET /sks-cluster/*", "GET /instance-type/*"]


@pytest.fixture
def service(plugin: Plugin, balancer: Make, nodepool: Make) -> Make:
    """Makes services of a load balancer, which target a nodepool."""

    def make(**inputs: object) -> Resource:
        pool = nodepool()
        wanted = {"nlbId": balancer().id, "instancePoolId": pool["instancePoolId"], "zone": "ch-gva-2"}
        wanted |= {"port": 80, "targetPort": 30080, "healthchecks": [{"port": 30080}], **inputs}
        return plugin.create("exoscale:index/nlbService:NlbService", "web", **wanted)

    return make


def test_an_anti_affinity_group(plugin: Plugin, calls: Calls) -> None:
    group = plugin.create("exoscale:index/antiAffinityGroup:AntiAffinityGroup", "apart", description="d")
    look = "GET /anti-affinity-group/*"
    assert calls.take() == ["POST /anti-affinity-group", "P", look, look]
    assert (group["name"], group["description"]) == (group.inputs["name"], "d")
    plugin.read(group)
    assert calls.take() == [look]
    plugin.delete(group)
    assert calls.take() == ["DELETE /anti-affinity-group/*", "P"]


def test_a_security_group(plugin: Plugin, calls: Calls) -> None:
    sources = ["10.0.0.0/8", "192.0.2.0/24"]
    group = plugin.create("exoscale:index/securityGroup:SecurityGroup", "fw", externalSources=sources)
    look, add = "GET /security-group/*", ["PUT /security-group/*:add-source", "P"]
    assert calls.take() == ["POST /security-group", "P", look, *add, *add, look]
    changed = plugin.update(group, externalSources=["192.0.2.0/24", "198.51.100.0/24"])
    assert calls.take() == [look, *add, "PUT /security-group/*:remove-source", "P", look]
    assert sorted(changed["externalSources"]) == ["192.0.2.0/24", "198.51.100.0/24"]
    plugin.delete(group)
    assert calls.take() == ["DELETE /security-group/*", "P"]


def test_a_rule_that_lets_its_own_group_in(plugin: Plugin, calls: Calls) -> None:
    group = plugin.create("exoscale:index/securityGroup:SecurityGroup", "fw")
    calls.take()
    ports = {"type": "INGRESS", "protocol": "UDP", "startPort": 4789, "endPort": 4789}
    both = {"securityGroupId": group.id, "userSecurityGroupId": group.id}
    rule = plugin.create("exoscale:index/securityGroupRule:SecurityGroupRule", "vxlan", **ports, **both)
    look = "GET /security-group/*"
    find = ["GET /security-group", look]
    add = ["POST /security-group/*/rules", "P", look]
    assert calls.take() == [*find, *find, look, *add, *find, look]
    name = group["name"]
    assert {key: rule[key] for key in (*ports, *both)} == ports | both
    assert (rule["securityGroup"], rule["userSecurityGroup"]) == (name, name)
    plugin.delete(rule)
    assert calls.take() == [*find, "DELETE /security-group/*/rules/*", "P"]


def test_rules_of_one_group_made_at_once_get_their_own_ids(plugin: Plugin) -> None:
    group = plugin.create("exoscale:index/securityGroup:SecurityGroup", "fw")

    def make(port: int) -> Resource:
        wanted = {
            "type": "INGRESS",
            "startPort": port,
            "endPort": port,
            "cidr": "0.0.0.0/0",
            "securityGroupId": group.id,
        }
        return plugin.create("exoscale:index/securityGroupRule:SecurityGroupRule", f"r{port}", **wanted)

    with ThreadPoolExecutor(8) as pool:
        rules = list(pool.map(make, range(1, 9)))
    assert len({rule.id for rule in rules}) == 8
    assert [rule["startPort"] for rule in rules] == list(range(1, 9))


def test_the_same_rule_twice_is_two_rules(plugin: Plugin) -> None:
    group = plugin.create("exoscale:index/securityGroup:SecurityGroup", "fw")
    wanted = {"type": "INGRESS", "startPort": 1, "endPort": 2, "cidr": "0.0.0.0/0", "securityGroupId": group.id}
    ids = {plugin.create("exoscale:index/securityGroupRule:SecurityGroupRule", name, **wanted).id for name in "ab"}
    assert len(ids) == 2


def test_an_icmp_rule(plugin: Plugin) -> None:
    group = plugin.create("exoscale:index/securityGroup:SecurityGroup", "fw")
    wanted = {"type": "INGRESS", "protocol": "icmp", "icmpType": 8, "icmpCode": 0, "cidr": "0.0.0.0/0"}
    rule = plugin.create(
        "exoscale:index/securityGroupRule:SecurityGroupRule", "r", **wanted, securityGroup=group["name"]
    )
    assert (rule["protocol"], rule["icmpType"], rule["securityGroupId"]) == ("ICMP", 8, group.id)
    assert not plugin.diff(rule).diffs


def test_a_cluster(plugin: Plugin, cluster: Make, calls: Calls) -> None:
    made = cluster(labels={"stack": "dev"})
    assert calls.take() == ["Z", "GET /sks-cluster-version", "POST /sks-cluster", "P", *READ_CLUSTER]
    assert made["endpoint"] == f"{made.id}.sks-ch-gva-2.exo.io"
    assert made["createdAt"].endswith(" +0000 UTC")
    assert all(
        made[key].startswith("-----BEGIN CERTIFICATE-----") for key in ("aggregationCa", "controlPlaneCa", "kubeletCa")
    )
    assert sorted(made["addons"]) == ["exoscale-cloud-controller", "metrics-server"]
    assert (made["state"], made["nodepools"], made["enableKubeProxy"]) == ("running", [], True)
    plugin.delete(made)
    assert calls.take() == ["Z", "DELETE /sks-cluster/*", "P"]


def test_a_cluster_without_a_cni_and_of_a_given_version(cluster: Make, calls: Calls) -> None:
    newest = cluster()["version"]
    calls.take()
    made = cluster("bare", cni="", version=newest)
    assert "GET /sks-cluster-version" not in calls.take()
    assert made["cni"] == ""


def test_a_nodepool(plugin: Plugin, nodepool: Make, cluster: Make, calls: Calls) -> None:
    owner = cluster()
    calls.take()
    pool = nodepool(clusterId=owner.id, labels={"a": "b"}, taints={"gpu": "yes:NoSchedule"})
    create = ["GET /sks-cluster/*", "GET /instance-type", "GET /instance-type/*", "POST /sks-cluster/*/nodepool", "P"]
    assert calls.take() == ["Z", *create, *READ_POOL]
    assert (pool["labels"], pool["taints"]) == ({"a": "b"}, {"gpu": "yes:NoSchedule"})
    assert (pool["instanceType"], pool["diskSize"], pool["version"]) == ("standard.small", 20, owner["version"])
    grown = plugin.update(pool, **plugin.program(pool) | {"size": 3})
    assert calls.take() == ["Z", "GET /sks-cluster/*", "PUT /sks-cluster/*/nodepool/*:scale", "P", *READ_POOL]
    assert grown["size"] == 3
    plugin.delete(pool)
    assert calls.take() == ["Z", "GET /sks-cluster/*", "DELETE /sks-cluster/*/nodepool/*", "P"]


def test_a_load_balancer(plugin: Plugin, balancer: Make, calls: Calls) -> None:
    made = balancer(labels={"a": "b"})
    look = "GET /load-balancer/*"
    assert calls.take() == ["POST /load-balancer", "P", look, look]
    assert (made["state"], made["services"]) == ("running", [])
    assert made["ipAddress"]
    renamed = plugin.update(made, zone="ch-gva-2", name="other")
    assert calls.take() == [look, "PUT /load-balancer/*", "P", look]
    assert (renamed["name"], renamed.outputs.get("labels")) == ("other", None)
    plugin.delete(made)
    assert calls.take() == ["DELETE /load-balancer/*", "P"]


def test_a_service_of_a_load_balancer(plugin: Plugin, service: Make, calls: Calls) -> None:
    made = service(healthchecks=[{"port": 30080, "mode": "http", "uri": "/healthz"}])
    look = "GET /load-balancer/*"
    assert calls.take()[-5:] == [look, "POST /load-balancer/*/service", "P", look, look]
    assert made["healthchecks"] == [
        {"port": 30080, "mode": "http", "uri": "/healthz", "interval": 10, "timeout": 5, "retries": 1, "tlsSni": ""}
    ]
    changed = plugin.update(made, **plugin.program(made) | {"port": 443, "description": "tls"})
    assert calls.take() == [look, look, "PUT /load-balancer/*/service/*", "P", look]
    assert (changed["port"], changed["description"], changed["healthchecks"]) == (443, "tls", made["healthchecks"])
    plugin.delete(made)
    assert calls.take() == [look, "DELETE /load-balancer/*/service/*", "P"]


def test_a_kubeconfig(plugin: Plugin, cluster: Make, calls: Calls) -> None:
    wanted = {"clusterId": cluster().id, "zone": "ch-gva-2", "user": "me", "groups": ["system:masters"]}
    calls.take()
    made = plugin.create("exoscale:index/sksKubeconfig:SksKubeconfig", "k", **wanted)
    assert calls.take() == ["GET /sks-cluster/*", "POST /sks-cluster-kubeconfig/*"]
    plugin.read(made)
    plugin.update(made, **wanted, earlyRenewalSeconds=60)
    plugin.delete(made)
    assert calls.take() == [], "nothing is ever asked or revoked"


def test_unchanged_resources_show_no_difference_and_refresh_to_themselves(
    plugin: Plugin, cluster: Make, nodepool: Make, balancer: Make, service: Make
) -> None:
    owner = cluster(labels={"a": "b"}, featureGates=["A", "B"])
    group = plugin.create("exoscale:index/securityGroup:SecurityGroup", "fw")
    for made in (owner, nodepool(clusterId=owner.id, securityGroupIds=[group.id]), balancer("other"), service(), group):
        assert not plugin.diff(made).diffs, made.type
        read = plugin.read(made)
        assert read is not None
        assert read.inputs == made.inputs, made.type
        if made is not owner:  # it has a nodepool by now
            assert read.outputs == made.outputs, made.type


def test_a_preview_of_a_creation_calls_nothing_and_knows_what_it_can(plugin: Plugin, calls: Calls) -> None:
    planned = plugin.create("exoscale:index/sksCluster:SksCluster", "c", zone="ch-gva-2", preview=True)
    assert planned.id == ""
    assert planned["serviceLevel"] == "pro"
    assert all(planned[key] == UNKNOWN for key in ("version", "endpoint", "state", "controlPlaneCa", "addons"))
    person = {"clusterId": UNKNOWN, "zone": "ch-gva-2", "user": "me", "groups": ["g"]}
    planned = plugin.create("exoscale:index/sksKubeconfig:SksKubeconfig", "k", **person, preview=True)
    assert (planned["clusterId"], planned["kubeconfig"], planned["readyForRenewal"]) == (UNKNOWN, UNKNOWN, True)
    assert calls.take() == []


def test_a_preview_of_an_update_calls_nothing_and_keeps_the_outputs(
    plugin: Plugin, balancer: Make, calls: Calls
) -> None:
    made = balancer()
    calls.take()
    planned = plugin.update(made, zone="ch-gva-2", labels={"a": UNKNOWN}, preview=True)
    assert (planned["ipAddress"], planned["labels"]) == (made["ipAddress"], {"a": UNKNOWN})
    assert calls.take() == []


def test_a_load_balancer_is_imported_by_id_and_zone(plugin: Plugin, balancer: Make) -> None:
    made = balancer(labels={"a": "b"})
    read = plugin.read(Resource(made.type, made.name, {}, f"{made.id}@ch-gva-2"))
    assert read is not None
    assert (read.id, read.inputs) == (
        made.id,
        {"zone": "ch-gva-2", "name": made["name"], "labels": {"a": "b"}, "__defaults": []},
    )


def test_a_kubeconfig_cannot_be_imported_and_a_wrong_form_is_explained(plugin: Plugin, balancer: Make) -> None:
    with pytest.raises(Refused, match="doesn't support import"):
        plugin.read(Resource("exoscale:index/sksKubeconfig:SksKubeconfig", "k", {}, "1:2"))
    made = balancer()
    with pytest.raises(Refused, match='expected format "<id>@<zone>"'):
        plugin.read(Resource(made.type, made.name, {}, made.id))
