"""Updates that do something, and those that only look as if (docs/plugins.md, Updates that send nothing)."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.api.catalogue import sks_cluster_versions
from sandbox.api.routes import HANDLERS
from sandbox.cloud import Cloud
from tests.sandbox.plugins.cloud_bench import Calls
from tests.sandbox.plugins.plugin_driver import Plugin, Refused, Resource

Make = Callable[..., Resource]


def _update(plugin: Plugin, old: Resource, **changes: Any) -> Resource:
    return plugin.update(old, **plugin.program(old) | changes)


def _puts(calls: Calls) -> list[str]:
    return [call for call in calls.take() if call.startswith("PUT")]


def test_a_cluster_is_renamed_and_labelled_by_one_put(plugin: Plugin, cluster: Make, calls: Calls) -> None:
    made = cluster()
    calls.take()
    changed = _update(plugin, made, name="other", labels={"a": "b"}, description="d", autoUpgrade=True)
    assert _puts(calls) == ["PUT /sks-cluster/*"]
    assert (changed["name"], changed["labels"]) == ("other", {"a": "b"})
    assert (changed["description"], changed["autoUpgrade"]) == ("d", True)
    assert not plugin.diff(changed).diffs


def test_an_update_of_a_cluster_waits_for_its_end(plugin: Plugin, cluster: Make, cloud: Cloud) -> None:
    made = cluster()
    cloud.clock.pace = 0.1
    changed = _update(plugin, made, name="other")
    assert (changed["name"], changed["state"]) == ("other", "running")


def test_an_update_operation_that_never_ends_is_outlived_by_the_cluster(
    plugin: Plugin, cluster: Make, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cluster()
    cloud.clock.pace = 0.1
    shown = HANDLERS["get-operation"]
    monkeypatch.setitem(HANDLERS, "get-operation", lambda cloud, call: shown(cloud, call) | {"state": "pending"})
    assert _update(plugin, made, name="other")["name"] == "other"


def test_an_upgrade_comes_before_the_other_changes(plugin: Plugin, cluster: Make, calls: Calls) -> None:
    newest, older, *_ = sks_cluster_versions()
    made = cluster(version=older)
    calls.take()
    changed = _update(plugin, made, version=newest, name="other")
    assert _puts(calls) == ["PUT /sks-cluster/*/upgrade", "PUT /sks-cluster/*"]
    assert (changed["version"], changed["name"]) == (newest, "other")


@pytest.mark.parametrize(
    "change",
    [
        {"serviceLevel": "pro"},
        {"cni": "cilium"},
        {"exoscaleCcm": False},
        {"metricsServer": False},
        {"addons": ["metrics-server"]},
    ],
)
def test_what_the_api_cannot_change_is_not_sent_and_differs_for_ever(
    plugin: Plugin, cluster: Make, calls: Calls, change: dict[str, Any]
) -> None:
    made = cluster()
    program = plugin.program(made) | change
    assert list(plugin.diff(made, **program).diffs) == list(change)
    calls.take()
    changed = plugin.update(made, **program)
    assert _puts(calls) == []
    assert list(plugin.diff(changed, **program).diffs) == list(change)


def test_oidc_given_later_is_not_sent_and_the_state_says_it_was(plugin: Plugin, cluster: Make, calls: Calls) -> None:
    made = cluster()
    calls.take()
    program = plugin.program(made) | {"oidc": {"clientId": "c", "issuerUrl": "https://issuer"}}
    changed = plugin.update(made, **program)
    assert _puts(calls) == []
    assert not plugin.diff(changed, **program).diffs


def test_an_update_of_anything_takes_the_oidc_of_a_cluster_away_and_nothing_says_so(
    plugin: Plugin, cluster: Make, cloud: Cloud
) -> None:
    made = cluster(oidc={"clientId": "c", "issuerUrl": "https://issuer"})
    (before,) = cloud.store.list("sks-cluster")
    assert before["oidc"] == {"client-id": "c", "issuer-url": "https://issuer"}
    changed = _update(plugin, made, description="d")
    (after,) = cloud.store.list("sks-cluster")
    assert "oidc" not in after
    assert not plugin.diff(changed).diffs


def test_labels_taken_away_stay_in_the_cloud(plugin: Plugin, cluster: Make) -> None:
    made = cluster(labels={"a": "b"})
    program = {key: value for key, value in plugin.program(made).items() if key != "labels"}
    changed = plugin.update(made, **program)
    assert changed["labels"] == {"a": "b"}
    assert list(plugin.diff(changed, **program).diffs) == ["labels"]


def test_csi_can_be_turned_on_and_never_off(plugin: Plugin, cluster: Make) -> None:
    made = _update(plugin, cluster(), exoscaleCsi=True)
    assert "exoscale-container-storage-interface" in made["addons"]
    with pytest.raises(Refused, match="disabling the CSI addon is not supported"):
        _update(plugin, made, exoscaleCsi=False)


def test_audit_without_an_endpoint_is_refused(plugin: Plugin, cluster: Make, calls: Calls) -> None:
    made = cluster()
    calls.take()
    with pytest.raises(Refused, match="cannot enable audit without setting an endpoint"):
        _update(plugin, made, audit={"enabled": True})
    assert _puts(calls) == []


def test_audit_is_turned_on_with_the_cluster_and_off_later(plugin: Plugin, cluster: Make, cloud: Cloud) -> None:
    made = cluster(audit={"enabled": True, "endpoint": "https://audit", "bearerToken": "t"})
    (before,) = cloud.store.list("sks-cluster")
    assert before["audit"] == {"enabled": True, "endpoint": "https://audit", "initial-backoff": "10s"}
    _update(plugin, made, audit={"enabled": False})
    (after,) = cloud.store.list("sks-cluster")
    assert after["audit"] == {**before["audit"], "enabled": False}


def test_a_nodepools_change_sends_the_whole_pool_and_keeps_the_rest(
    plugin: Plugin, nodepool: Make, calls: Calls
) -> None:
    made = nodepool(labels={"a": "b"}, description="d")
    calls.take()
    changed = _update(plugin, made, instanceType="standard.medium", size=2)
    assert _puts(calls) == ["PUT /sks-cluster/*/nodepool/*", "PUT /sks-cluster/*/nodepool/*:scale"]
    assert (changed["instanceType"], changed["size"]) == ("standard.medium", 2)
    assert (changed["labels"], changed["description"], changed["diskSize"]) == ({"a": "b"}, "d", 20)


def test_an_emptied_list_is_never_transmitted(plugin: Plugin, nodepool: Make, calls: Calls) -> None:
    group = plugin.create("exoscale:index/securityGroup:SecurityGroup", "fw")
    filled = {"securityGroupIds": [group.id], "labels": {"a": "b"}, "taints": {"a": "b:NoSchedule"}}
    made = nodepool(**filled)
    program = {key: value for key, value in plugin.program(made).items() if key not in filled}
    changed = plugin.update(made, **program)
    assert not calls.bodies[-1].keys() & {"security-groups", "labels", "taints"}
    assert {key: changed[key] for key in filled} == filled
    assert sorted(plugin.diff(changed, **program).diffs) == sorted(filled)


@pytest.mark.parametrize("change", [{"ipv6": True}, {"storageLvm": True}])
def test_what_only_a_new_pool_can_have_is_not_sent(
    plugin: Plugin, nodepool: Make, calls: Calls, change: dict[str, Any]
) -> None:
    made = nodepool()
    calls.take()
    program = plugin.program(made) | change
    changed = plugin.update(made, **program)
    assert _puts(calls) == []
    assert list(plugin.diff(changed, **program).diffs) == list(change)


def test_ipv6_travels_with_another_change(plugin: Plugin, nodepool: Make) -> None:
    assert _update(plugin, nodepool(), ipv6=True, description="d")["ipv6"] is True


def test_an_update_without_a_change_only_reads(plugin: Plugin, nodepool: Make, balancer: Make, calls: Calls) -> None:
    for made in (nodepool(), balancer()):
        calls.take()
        assert plugin.update(made).outputs == made.outputs
        assert _puts(calls) == []


def test_a_drift_in_the_cloud_shows_after_a_refresh(plugin: Plugin, nodepool: Make, cluster: Make) -> None:
    pool = nodepool(clusterId=cluster().id)
    grown = _update(plugin, pool, size=3)
    stale = Resource(pool.type, pool.name, pool.inputs, pool.id, pool.outputs)
    read = plugin.read(stale)
    assert read is not None
    assert (read.inputs["size"], read["size"]) == (3, 3)
    assert read.outputs == grown.outputs
    assert list(plugin.diff(read, **plugin.program(pool)).diffs) == ["size"]
