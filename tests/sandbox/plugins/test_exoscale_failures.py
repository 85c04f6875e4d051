"""What the user sees, and what the state keeps, when a call fails (docs/plugins.md, Exoscale failures)."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.faults import Fault
from tests.sandbox.plugins.cloud_bench import Calls, CertifiedControlPlanes
from tests.sandbox.plugins.plugin_driver import Plugin, Refused, Resource

Make = Callable[..., Resource]

NLB = "exoscale:index/nlb:Nlb"
SERVICE = "exoscale:index/nlbService:NlbService"
CLUSTER = "exoscale:index/sksCluster:SksCluster"
NODEPOOL = "exoscale:index/sksNodepool:SksNodepool"
GROUP = "exoscale:index/securityGroup:SecurityGroup"
RULE = "exoscale:index/securityGroupRule:SecurityGroupRule"
APART = "exoscale:index/antiAffinityGroup:AntiAffinityGroup"


def _one(text: str) -> str:
    return f"1 error occurred:\n\t* {text}\n\n"


def _refused(action: Callable[..., Any], *arguments: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        action(*arguments, **named)
    return refused.value


def test_a_refused_creation_leaves_nothing_in_the_state(plugin: Plugin, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-load-balancer", "status", status=409))
    refused = _refused(plugin.create, NLB, "n", zone="ch-gva-2")
    assert refused.text.startswith("1 error occurred:\n\t* invalid request: ")
    assert refused.partial is None


def test_the_new_client_names_operation_and_status(plugin: Plugin, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-sks-cluster", "status", status=409))
    refused = _refused(plugin.create, CLUSTER, "c", zone="ch-gva-2", serviceLevel="starter")
    assert refused.text.startswith("1 error occurred:\n\t* CreateSKSCluster: http response: Conflict: ")


def test_a_server_error_is_tried_five_times_and_loses_its_words(plugin: Plugin, cloud: Cloud, calls: Calls) -> None:
    cloud.faults.arm(Fault("create-load-balancer", "status", status=503, times=5))
    refused = _refused(plugin.create, NLB, "n", zone="ch-gva-2")
    assert "giving up after 5 attempt(s)" in refused.text
    assert "armed fault" not in refused.text
    assert not cloud.faults.armed()


def test_four_server_errors_are_ridden_out(plugin: Plugin, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-load-balancer", "status", status=503, times=4))
    assert plugin.create(NLB, "n", zone="ch-gva-2").id


def test_after_a_lost_reply_the_client_asks_again_and_its_own_load_balancer_is_in_the_way(
    plugin: Plugin, cloud: Cloud
) -> None:
    cloud.faults.arm(Fault("create-load-balancer", "lose-reply"))
    assert "already exists" in _refused(plugin.create, NLB, "n", zone="ch-gva-2").text
    assert len(cloud.store.list("load-balancer")) == 1


def test_a_lost_reply_makes_a_second_object_that_nobody_knows_where_names_may_repeat(
    plugin: Plugin, cloud: Cloud
) -> None:
    cloud.faults.arm(Fault("create-sks-cluster", "lose-reply"))
    made = plugin.create(CLUSTER, "c", zone="ch-gva-2", serviceLevel="starter")
    ids = [cluster["id"] for cluster in cloud.store.list("sks-cluster")]
    assert len(ids) == 2
    assert made.id in ids


def test_a_failed_operation_of_the_old_client_says_only_that(plugin: Plugin, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-load-balancer", "failure", reason="busy", message="no more addresses"))
    assert _refused(plugin.create, NLB, "n", zone="ch-gva-2").text == _one("job failed")


def test_a_failed_operation_of_the_new_client_says_why_and_leaves_an_orphan(plugin: Plugin, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-sks-cluster", "failure", reason="unavailable", message="no capacity"))
    refused = _refused(plugin.create, CLUSTER, "c", zone="ch-gva-2", serviceLevel="starter")
    assert 'state: failure, reason: "unavailable", message: "no capacity"' in refused.text
    assert "{get-sks-cluster " in refused.text
    assert refused.partial is None
    assert cloud.store.list("sks-cluster")


def test_a_failed_first_read_saves_the_resource_with_its_inputs_and_an_update_heals_it(
    plugin: Plugin, cluster: Make, planes: CertifiedControlPlanes, cloud: Cloud
) -> None:
    cloud.faults.arm(Fault("get-sks-cluster-authority-cert", "status", status=404))
    refused = _refused(cluster)
    (stored,) = cloud.store.list("sks-cluster")
    assert refused.text.startswith(
        "creating urn:pulumi:test::project::exoscale:index/sksCluster:SksCluster::cluster: 1 "
    )
    assert "GetSKSClusterAuthorityCert: http response: Not Found: " in refused.text
    assert refused.partial is not None
    assert refused.partial.id == stored["id"]
    assert list(refused.partial.reasons) == [refused.text]
    assert (refused.saved["serviceLevel"], refused.saved["endpoint"]) == ("starter", None)
    inputs = {"zone": "ch-gva-2", "serviceLevel": "starter"}
    checked = plugin.checked(CLUSTER, "cluster", inputs, {**refused.saved, "__defaults": ["name"]})
    saved = Resource(CLUSTER, "cluster", checked, stored["id"], refused.saved)
    assert plugin.update(saved)["endpoint"] == stored["endpoint"]


def test_a_resource_that_has_no_update_cannot_be_healed_by_one(plugin: Plugin) -> None:
    made = plugin.create(APART, "apart")
    refused = _refused(plugin.update, made)
    assert refused.text == f"updating {made.urn}: " + _one("doesn't support update")


def test_a_failed_update_saves_the_new_values_and_is_forgotten_until_the_up_after_next(
    plugin: Plugin, nodepool: Make, cloud: Cloud
) -> None:
    pool = nodepool()
    program = plugin.program(pool) | {"size": 3}
    cloud.faults.arm(Fault("scale-sks-nodepool", "failure", reason="busy", message="not now"))
    refused = _refused(plugin.update, pool, **program)
    assert refused.text.startswith(f"updating {pool.urn}: 1 error occurred:")
    assert refused.saved["size"] == 3
    second = Resource(pool.type, pool.name, pool.inputs, pool.id, refused.saved)
    assert not plugin.diff(second, **program).diffs
    healed = plugin.update(second, **program)
    assert healed["size"] == 1
    assert plugin.update(healed, **program)["size"] == 3


def test_a_pool_locked_by_an_nlb_is_not_deleted(plugin: Plugin, nodepool: Make, balancer: Make) -> None:
    pool, owner = nodepool(), balancer()
    ports = {"port": 80, "targetPort": 30080, "healthchecks": [{"port": 30080}]}
    wanted = {"nlbId": owner.id, "instancePoolId": pool["instancePoolId"], "zone": "ch-gva-2", **ports}
    plugin.create(SERVICE, "web", **wanted)
    refused = _refused(plugin.delete, pool)
    assert refused.text == f"deleting {pool.urn}: " + _one(
        "DeleteSKSNodepool: http response: Forbidden: Operation destroyInstancePool on resource "
        f"{pool['instancePoolId']} is forbidden - reason: Locked by NLB {owner.id}"
    )


@pytest.mark.parametrize("type_", [NLB, GROUP, APART])
def test_deleting_what_is_gone_fails_with_the_old_clients_words(plugin: Plugin, type_: str) -> None:
    made = plugin.create(type_, "x", **({"zone": "ch-gva-2"} if type_ == NLB else {}))
    plugin.delete(made)
    assert _refused(plugin.delete, made).text == f"deleting {made.urn}: {_one('resource not found')}"
    assert plugin.read(made) is None, "a refresh drops it"


def test_deleting_a_cluster_that_is_gone_fails_with_the_new_clients_words(plugin: Plugin, cluster: Make) -> None:
    made = cluster()
    plugin.delete(made)
    assert "* DeleteSKSCluster: http response: Not Found: " in _refused(plugin.delete, made).text
    assert plugin.read(made) is None


def test_a_service_and_a_rule_are_gone_with_their_parents(plugin: Plugin, nodepool: Make, balancer: Make) -> None:
    pool, owner, group = nodepool(), balancer(), plugin.create(GROUP, "fw")
    ports = {"port": 80, "targetPort": 30080, "healthchecks": [{"port": 30080}]}
    wanted = {"nlbId": owner.id, "instancePoolId": pool["instancePoolId"], "zone": "ch-gva-2", **ports}
    service = plugin.create(SERVICE, "web", **wanted)
    rule = plugin.create(RULE, "in", type="INGRESS", cidr="0.0.0.0/0", securityGroupId=group.id, startPort=1, endPort=2)
    plugin.delete(owner)
    plugin.delete(group)
    assert plugin.read(service) is None
    assert plugin.read(rule) is None
    assert _refused(plugin.delete, service).text.endswith(_one("resource not found"))
    assert _refused(plugin.delete, rule).text.endswith(_one("resource not found"))


def test_a_nodepool_is_gone_from_its_cluster_but_fails_to_refresh_when_the_cluster_is(
    plugin: Plugin, nodepool: Make, cluster: Make
) -> None:
    owner = cluster()
    pool = nodepool(clusterId=owner.id)
    plugin.delete(pool)
    assert plugin.read(pool) is None
    plugin.delete(owner)
    refused = _refused(plugin.read, pool)
    assert refused.text.startswith(
        f"refreshing {pool.urn}: 1 error occurred:\n\t* GetSKSCluster: http response: Not Found: "
    )


def test_a_rule_whose_source_group_is_gone_fails_to_refresh(plugin: Plugin, cloud: Cloud) -> None:
    cloud.rules.security_group_named_by_rule_refused = False
    group, source = plugin.create(GROUP, "fw"), plugin.create(GROUP, "src")
    rule = plugin.create(
        RULE, "in", type="INGRESS", startPort=1, endPort=2, securityGroupId=group.id, userSecurityGroupId=source.id
    )
    plugin.delete(source)
    assert f"unable to retrieve Security Group {source.id}: resource not found" in _refused(plugin.read, rule).text


def test_a_refresh_that_is_refused_drops_nothing(plugin: Plugin, balancer: Make, cloud: Cloud) -> None:
    made = balancer()
    cloud.faults.arm(Fault("get-load-balancer", "status", status=403))
    assert _refused(plugin.read, made).text.startswith(
        f"refreshing {made.urn}: 1 error occurred:\n\t* invalid request: "
    )


def test_updating_what_is_gone_names_it(plugin: Plugin, nodepool: Make, cluster: Make) -> None:
    pool = nodepool(clusterId=cluster().id)
    plugin.delete(pool)
    assert f'SKS Nodepool "{pool.id}" not found' in _refused(plugin.update, pool).text


@pytest.mark.parametrize(
    ("type_", "inputs", "text"),
    [
        (NODEPOOL, {"taints": {"a": "NoSchedule"}}, 'invalid taint "NoSchedule": expected format VALUE:EFFECT'),
        (NODEPOOL, {"instanceType": "huge.tiny"}, "error retrieving instance type: Not Found"),
        (NODEPOOL, {"zone": "xx-yy-1"}, "switch client zone v3: get zone api endpoint: find zone: "),
        (CLUSTER, {"zone": "xx-yy-1"}, "get zone api endpoint: find zone: "),
        (
            CLUSTER,
            {"zone": "ch-gva-2", "version": "0.1.0"},
            "Invalid Kubernetes version 0.1.0. Available versions are: ",
        ),
        (NLB, {"zone": "xx-yy-1"}, "dial tcp: lookup api-xx-yy-1.exoscale.com: no such host"),
        (
            RULE,
            {"type": "INGRESS", "cidr": "0.0.0.0/0"},
            "either security_group or security_group_id must be specified",
        ),
        (RULE, {"type": "INGRESS", "securityGroup": "nobody"}, "resource not found"),
    ],
)
def test_what_check_let_pass_fails_at_creation(
    plugin: Plugin, cluster: Make, type_: str, inputs: dict[str, Any], text: str
) -> None:
    if type_ == NODEPOOL:
        pool = {"clusterId": cluster().id, "instanceType": "standard.small", "size": 1, "zone": "ch-gva-2"}
        inputs = pool | inputs
    refused = _refused(plugin.create, type_, "x", **inputs)
    assert refused.text.startswith("1 error occurred:\n\t* ")
    assert text in refused.text
    assert refused.partial is None


def test_a_rule_that_lets_nobody_in_fails_at_creation(plugin: Plugin) -> None:
    group = plugin.create(GROUP, "fw")
    refused = _refused(plugin.create, RULE, "in", type="INGRESS", securityGroupId=group.id)
    assert refused.text == _one(
        "either cidr or user_security_group_id or user_security_group or public_security_group must be specified"
    )


def test_a_failed_external_source_orphans_the_group(plugin: Plugin, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("add-external-source-to-security-group", "status", status=400))
    refused = _refused(plugin.create, GROUP, "fw", externalSources=["10.0.0.0/8"])
    assert refused.partial is None
    assert [group["name"] for group in cloud.store.list("security-group") if group["name"].startswith("fw")]


def test_the_new_client_sits_out_four_failed_polls(plugin: Plugin, cluster: Make, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("get-operation", "status", status=404, times=4))
    assert cluster().id


def test_the_new_client_counts_only_failed_polls_in_a_row(cluster: Make, cloud: Cloud) -> None:
    cloud.clock.pace = 0.004  # a third of a second: time for some ten polls
    for nth in (1, 6):
        cloud.faults.arm(Fault("get-operation", "status", status=404, nth=nth, times=4))
    assert cluster().id
    assert not cloud.faults.armed()


def test_the_new_client_gives_up_at_the_fifth(cluster: Make, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("get-operation", "status", status=404, times=5))
    assert "GetOperation: http response: Not Found: " in _refused(cluster).text


def test_the_old_client_gives_up_at_the_first_failed_poll(plugin: Plugin, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("get-operation", "status", status=404))
    assert _refused(plugin.create, NLB, "n", zone="ch-gva-2").text == _one("resource not found")


def test_custom_timeouts_end_a_creation(plugin: Plugin, cloud: Cloud) -> None:
    cloud.clock.pace = 1
    for type_, inputs in ((NLB, {}), (CLUSTER, {"serviceLevel": "starter"})):
        refused = _refused(plugin.create, type_, "x", zone="ch-gva-2", timeout=0.2, **inputs)
        assert refused.text == _one("context deadline exceeded")


def test_the_providers_timeout_limits_the_waits_of_the_old_client_only(host: Any, cloud: Cloud) -> None:
    cloud.clock.pace = 0.1
    with Plugin(host.port("exoscale")) as plugin:
        plugin.configure(key="EXOtest", secret="the-secret", timeout="0.05")
        assert "context deadline exceeded" in _refused(plugin.create, NLB, "n", zone="ch-gva-2").text
        cloud.clock.pace = 0.002
        assert plugin.create(CLUSTER, "c", zone="ch-gva-2", serviceLevel="starter").id


def test_a_nodepool_knows_no_custom_timeout_of_its_own_for_delete(plugin: Plugin, nodepool: Make, cloud: Cloud) -> None:
    pool = nodepool()
    cloud.clock.pace = 0.005
    plugin.delete(pool, timeout=0.01)


def test_a_custom_timeout_for_an_update_that_has_none_is_a_warning(
    plugin: Plugin, caplog: pytest.LogCaptureFixture
) -> None:
    made = plugin.create(GROUP, "fw")
    with caplog.at_level("DEBUG", logger="sandbox.plugins.exoscale"):
        plugin.update(made, externalSources=["10.0.0.0/8"], timeout=60)
    assert f"{made.urn} Resource does not support customTimeouts, ignoring: update=60" in caplog.messages
