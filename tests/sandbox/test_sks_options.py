"""What a cluster is asked to have besides a control plane: OIDC, audit, gates, networks, a security group."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from tests.sandbox.sks_bench import NEWEST, NOWHERE, Bench, refused

OIDC = {"client-id": "c", "issuer-url": "https://id.example.net", "required-claim": {"team": "a"}}
SECRET = "not-to-be-seen"
AUDIT = {"endpoint": "audit.example.net", "bearer-token": SECRET}
SHOWN_AUDIT = {"endpoint": "audit.example.net", "initial-backoff": "10s", "enabled": True}


@pytest.fixture
def bench(cloud: Cloud, client: SandboxClient) -> Bench:
    return Bench(cloud, client)


@pytest.fixture
def updated(bench: Bench) -> Callable[..., dict[str, Any]]:
    """A cluster as it is shown after an update."""

    def update(id_: str, **body: Any) -> dict[str, Any]:
        bench.done(bench.client.update_sks_cluster(id=id_, **body))
        shown: dict[str, Any] = bench.client.get_sks_cluster(id=id_)
        return shown

    return update


# OIDC


def test_oidc_is_shown_as_it_was_given_and_an_update_replaces_it(bench: Bench, updated: Any) -> None:
    id_ = bench.cluster(oidc=OIDC)
    assert bench.client.get_sks_cluster(id=id_)["oidc"] == OIDC
    other = {"client-id": "d", "issuer-url": "https://id.example.org"}
    assert updated(id_, oidc=other)["oidc"] == other


def test_an_update_that_does_not_name_oidc_keeps_it_and_one_that_says_null_takes_it_away(
    bench: Bench, updated: Any
) -> None:
    id_ = bench.cluster(oidc=OIDC)
    assert updated(id_, name="kept")["oidc"] == OIDC
    assert "oidc" not in updated(id_, name="gone", oidc=None)


def test_oidc_without_an_issuer_is_refused(bench: Bench) -> None:
    assert "issuer-url" in refused(lambda: bench.cluster(oidc={"client-id": "c"}), 400)
    id_ = bench.cluster()
    refused(lambda: bench.client.update_sks_cluster(id=id_, oidc={"client-id": "c", "issuer-url": ""}), 400)


# Feature gates


def test_feature_gates_are_the_whole_list_that_was_given_last(bench: Bench, updated: Any) -> None:
    id_ = bench.cluster(feature_gates=["ImageVolume"])
    assert updated(id_, feature_gates=["GracefulNodeShutdown"])["feature-gates"] == ["GracefulNodeShutdown"]
    assert updated(id_, name="n", feature_gates=None)["feature-gates"] == ["GracefulNodeShutdown"]
    assert updated(id_, feature_gates=[])["feature-gates"] == []


# Audit


def test_audit_is_shown_without_its_token(bench: Bench) -> None:
    id_ = bench.cluster(audit=AUDIT)
    assert bench.client.get_sks_cluster(id=id_)["audit"] == SHOWN_AUDIT
    assert SECRET not in json.dumps([bench.cloud.store.list(kind) for kind in bench.cloud.store.kinds()])


def test_audit_can_be_turned_off_and_on_again_elsewhere(bench: Bench, updated: Any) -> None:
    id_ = bench.cluster(audit={**AUDIT, "initial-backoff": "30s"})
    assert updated(id_, name="n")["audit"] == {**SHOWN_AUDIT, "initial-backoff": "30s"}
    off = updated(id_, audit={"enabled": False})["audit"]
    assert off == {**SHOWN_AUDIT, "initial-backoff": "30s", "enabled": False}
    on = updated(id_, audit={"enabled": True, "endpoint": "other.example.net", "bearer-token": SECRET})["audit"]
    assert on == {"endpoint": "other.example.net", "initial-backoff": "30s", "enabled": True}
    assert SECRET not in json.dumps([bench.cloud.store.list(kind) for kind in bench.cloud.store.kinds()])


def test_audit_given_later_is_off_until_it_is_enabled(bench: Bench, updated: Any) -> None:
    id_ = bench.cluster()
    assert "audit" not in bench.client.get_sks_cluster(id=id_)
    assert updated(id_, audit=AUDIT)["audit"] == {**SHOWN_AUDIT, "enabled": False}
    assert updated(id_, audit={"enabled": True})["audit"] == SHOWN_AUDIT


@pytest.mark.parametrize("missing", ["endpoint", "bearer-token"])
def test_audit_needs_an_endpoint_and_a_token(bench: Bench, missing: str) -> None:
    audit = {key: value for key, value in AUDIT.items() if key != missing}
    assert missing in refused(lambda: bench.cluster(audit=audit), 400)
    id_ = bench.cluster()
    before = bench.client.get_sks_cluster(id=id_)
    assert missing in refused(lambda: bench.client.update_sks_cluster(id=id_, audit={**audit, "enabled": True}), 400)
    assert bench.client.get_sks_cluster(id=id_) == before


# Networks


def test_networks_are_taken_and_not_shown(bench: Bench) -> None:
    networking = {"cluster-cidr": "10.0.0.0/16,fd00::/48", "service-cluster-ip-range": "10.1.0.0/16,fd01::/108"}
    id_ = bench.cluster(networking={**networking, "node-cidr-mask-size-ipv4": 26})
    assert "networking" not in bench.client.get_sks_cluster(id=id_)


@pytest.mark.parametrize(
    ("networking", "why"),
    [
        ({"cluster-cidr": "10.0.0.0"}, "node-cidr-mask-size-ipv4"),
        ({"cluster-cidr": "10.0.0.1/16"}, "host bits"),
        ({"cluster-cidr": "pods"}, "cluster-cidr pods"),
        ({"cluster-cidr": "10.0.0.0/16,10.1.0.0/16"}, "one of IPv6"),
        ({"cluster-cidr": "10.0.0.0/24"}, "node-cidr-mask-size-ipv4 24"),
        ({"cluster-cidr": "10.0.0.0/8", "node-cidr-mask-size-ipv4": 25}, "at most 24"),
        ({"cluster-cidr": "fd00::/40"}, "node-cidr-mask-size-ipv6 64"),
        ({"service-cluster-ip-range": "fd00::/107"}, "no larger than a /108"),
        ({"cluster-cidr": "10.96.0.0/16"}, "overlaps service-cluster-ip-range 10.96.0.0/12"),
        ({"node-cidr-mask-size-ipv4": 0}, "node-cidr-mask-size-ipv4"),
    ],
)
def test_networks_that_cannot_be_are_refused(bench: Bench, networking: dict[str, Any], why: str) -> None:
    assert why in refused(lambda: bench.cluster(networking=networking), 400)
    assert bench.client.list_sks_clusters()["sks-clusters"] == []


# The default security group


def group_of(bench: Bench, cluster_id: str) -> dict[str, Any]:
    id_ = bench.client.get_sks_cluster(id=cluster_id)["default-security-group-id"]
    group: dict[str, Any] = bench.client.get_security_group(id=id_)
    return group


def opened(group: dict[str, Any]) -> set[tuple[str, int | None, str]]:
    """Protocol, first port and source of each rule."""
    sources = {id(rule): rule.get("network") or rule["security-group"]["id"] for rule in group["rules"]}
    return {(rule["protocol"], rule.get("start-port"), sources[id(rule)]) for rule in group["rules"]}


@pytest.mark.parametrize(
    ("cni", "among_nodes"),
    [
        ("calico", {("udp", 4789)}),
        ("cilium", {("udp", 8472), ("udp", 4240), ("icmp", None)}),
        ("", set()),
    ],
)
def test_a_default_security_group_opens_what_the_network_plugin_needs(
    bench: Bench, cni: str, among_nodes: set[tuple[str, int | None]]
) -> None:
    plugin = {"cni": cni} if cni else {}
    wanted = {"name": "c", "level": "starter", "version": NEWEST, "create_default_security_group": True, **plugin}
    group = group_of(bench, bench.done(bench.client.create_sks_cluster(**wanted)))
    assert opened(group) == {
        ("tcp", 30000, "0.0.0.0/0"),
        ("udp", 30000, "0.0.0.0/0"),
        *((protocol, port, group["id"]) for protocol, port in {("tcp", 10250), *among_nodes}),
    }


@pytest.mark.parametrize("wanted", [False, None])
def test_a_cluster_has_no_security_group_of_its_own_unless_asked(bench: Bench, wanted: bool | None) -> None:
    id_ = bench.cluster(create_default_security_group=wanted)
    assert "default-security-group-id" not in bench.client.get_sks_cluster(id=id_)
    assert [group["name"] for group in bench.client.list_security_groups()["security-groups"]] == ["default"]


def test_nodepools_wear_the_default_security_group_only_when_they_name_it(bench: Bench) -> None:
    cluster = bench.cluster(create_default_security_group=True)
    group = {"id": group_of(bench, cluster)["id"]}
    (named,) = bench.instances(bench.nodepool(cluster, size=1, security_groups=[group])["instance-pool"]["id"])
    (bare,) = bench.instances(bench.nodepool(cluster, size=1)["instance-pool"]["id"])
    assert named["security-groups"] == [group]
    assert group not in bare["security-groups"]


def test_the_default_security_group_stays_as_long_as_its_cluster_and_longer_by_assumption(bench: Bench) -> None:
    cluster = bench.cluster(create_default_security_group=True)
    group = group_of(bench, cluster)
    for rule in group["rules"]:
        bench.done(bench.client.delete_rule_from_security_group(id=group["id"], rule_id=rule["id"]))
    assert cluster in refused(lambda: bench.client.delete_security_group(id=group["id"]), 409)
    bench.done(bench.client.delete_sks_cluster(id=cluster))
    assert bench.client.get_security_group(id=group["id"])["name"] == group["name"]
    bench.done(bench.client.delete_security_group(id=group["id"]))


def test_without_the_rule_the_default_security_group_may_go_before_its_cluster(bench: Bench) -> None:
    bench.cloud.rules.security_group_of_cluster_kept = False
    cluster = bench.cluster(create_default_security_group=True)
    group = group_of(bench, cluster)
    for rule in group["rules"]:
        bench.done(bench.client.delete_rule_from_security_group(id=group["id"], rule_id=rule["id"]))
    bench.done(bench.client.delete_security_group(id=group["id"]))
    bench.done(bench.client.delete_sks_cluster(id=cluster))


# Of all clusters


def test_a_cluster_of_an_earlier_sandbox_is_shown_changed_and_deleted(bench: Bench, updated: Any) -> None:
    id_ = bench.cluster()
    stored = bench.cloud.store.get("sks-cluster", id_) or {}
    keys = ("id", "name", "level", "version", "addons", "created-at", "endpoint", "state", "_zone", "_organization")
    bench.cloud.store.put("sks-cluster", {key: stored[key] for key in keys})
    assert bench.client.get_sks_cluster(id=id_)["state"] == "running"
    assert updated(id_, oidc=OIDC, audit=AUDIT)["oidc"] == OIDC
    bench.client.generate_sks_karpenter_exoscale_nodeclass(id=id_)
    bench.done(bench.client.delete_sks_cluster(id=id_))


def test_nothing_is_found_in_a_cluster_and_nothing_in_it_is_deprecated(bench: Bench) -> None:
    id_ = bench.cluster()
    assert bench.client.get_sks_cluster_inspection(id=id_) == {}
    assert bench.client.list_sks_cluster_deprecated_resources(id=id_) == []


def test_the_operators_authority_is_rotated_while_the_cluster_updates(bench: Bench) -> None:
    id_ = bench.cluster()
    started = bench.client.rotate_sks_operators_ca(id=id_)
    assert started["reference"]["id"] == id_
    assert bench.client.get_sks_cluster(id=id_)["state"] == "updating"
    bench.done(started)
    assert bench.client.get_sks_cluster(id=id_)["state"] == "running"


def test_nobody_has_deploy_targets(bench: Bench) -> None:
    assert bench.client.list_deploy_targets() == {"deploy-targets": []}
    assert refused(lambda: bench.client.get_deploy_target(id=NOWHERE), 404) == f"Deploy target {NOWHERE} not found"
