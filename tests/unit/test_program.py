"""The whole program: what it registers for which settings, how its parts hang together, and what it gives away."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from google.protobuf.json_format import MessageToDict

from tests.unit.conftest import (
    CLIENT_KEY,
    PROJECT,
    STACK_ID,
    Run,
    World,
    configure,
    execute,
    main,
    plain,
    without_secrets,
)

LABELS = {"project": "exoscale-sks", "stack": "dev", "owner": "nobody", "stack-id": STACK_ID}
LABELLED = ("SksCluster", "SksNodepool", "Nlb")
NAMED = (*LABELLED, "SecurityGroup", "AntiAffinityGroup")

OF_PROGRAM = ("Drain", "SecondDrain", "UnfinishedDrain", "NodepoolSweep", "RuleSweep", "ProgramKubeconfig", "Machines")
STEPS = dict.fromkeys(("StackId", *OF_PROGRAM), 1)
ONE_POOL = {
    **STEPS,
    "SksCluster": 1,
    "SecurityGroup": 1,
    "SecurityGroupRule": 4,
    "AntiAffinityGroup": 1,
    "SksNodepool": 1,
    "SksKubeconfig": 1,
    "kubernetes": 1,
}
EXPECTED: dict[str, dict[str, int]] = {
    "exoscale": {
        **ONE_POOL,
        "Nlb": 1,
        "ValidatingAdmissionPolicy": 1,
        "ValidatingAdmissionPolicyBinding": 1,
        "Release": 1,
        "IngressPods": 1,
    },
    "exoscale, ccm": {**ONE_POOL, "Release": 1, "IngressPods": 1},
    "exoscale, no ingress, cilium, closed, two pools": {
        **STEPS,
        "SksCluster": 1,
        "SecurityGroup": 1,
        "SecurityGroupRule": 4,
        "AntiAffinityGroup": 1,
        "SksNodepool": 2,
        "SksKubeconfig": 1,
        "kubernetes": 1,
    },
    "exoscale, no balancer of its own, demo": {
        **ONE_POOL,
        "Release": 1,
        "IngressPods": 1,
        "Deployment": 1,
        "Service": 1,
        "Ingress": 1,
    },
    "exoscale, ccm, tls": {**ONE_POOL, "Release": 2, "IngressPods": 1, "ClusterIssuer": 1},
    "exoscale, longhorn, no ingress": {**ONE_POOL, "Release": 1, "ReleasePlace": 1},
    "exoscale, flux, no ingress": {**ONE_POOL, "Release": 1, "GitRepository": 1, "Kustomization": 1},
    "k3d": {"Command": 2, "kubernetes": 1, "Release": 1},
}
SHAPES: dict[str, dict[str, Any]] = {
    "exoscale": {},
    "exoscale, ccm": {"ingress": {"load-balancer": "ccm"}},
    "exoscale, no ingress, cilium, closed, two pools": {
        "ingress": {"controller": "none"},
        "cni": "cilium",
        "firewall": {"open-node-ports": False},
        "nodepools": {"a": {}, "b": {"anti-affinity": False}},
    },
    "exoscale, no balancer of its own, demo": {"ingress": {"load-balancer": "ccm"}, "demo": True},
    "exoscale, ccm, tls": {"ingress": {"load-balancer": "ccm"}, "tls": "self-signed"},
    "exoscale, longhorn, no ingress": {"ingress": {"controller": "none"}, "storage": {"longhorn": True}},
    "exoscale, flux, no ingress": {
        "ingress": {"controller": "none"},
        "gitops": {"tool": "flux", "repository": "https://git.example/apps"},
    },
    "k3d": {"platform": "k3d"},
}
every_shape = pytest.mark.parametrize("shape", SHAPES)


def children(world: World) -> list[Any]:
    return [item for item in world.registrations.values() if item.request.custom]


@every_shape
def test_each_shape_of_the_stack_has_exactly_these_resources(run: Run, shape: str) -> None:
    counted: dict[str, int] = {}
    for item in children(run(SHAPES[shape])):
        kind = item.type.rpartition(":")[2]
        counted[kind] = counted.get(kind, 0) + 1

    assert counted == EXPECTED[shape]


@every_shape
def test_every_child_belongs_to_a_component(run: Run, shape: str) -> None:
    orphans = [
        item.urn
        for item in children(run(SHAPES[shape]))
        if "exoscale-sks:index:" not in item.request.parent and not item.type.startswith("pulumi:providers:")
    ]

    assert orphans == []


@every_shape
def test_everything_in_the_cluster_goes_through_the_explicit_provider(run: Run, shape: str) -> None:
    world = run(SHAPES[shape])
    provider = world.one("kubernetes")
    inside = [item for item in world.registrations.values() if item.type.startswith("kubernetes:")]

    assert {item.request.provider for item in inside} <= {f"{provider.urn}::{provider.request.name}-id"}
    assert {request.provider for request in world.reads} <= {f"{provider.urn}::{provider.request.name}-id"}


@every_shape
def test_what_takes_labels_carries_project_stack_owner_and_the_stacks_own_id(run: Run, shape: str) -> None:
    world = run(SHAPES[shape])
    labels = [item.inputs["labels"] for kind in LABELLED for item in world.of(kind)]

    assert all(LABELS.items() <= mine.items() for mine in labels)


def test_a_ttl_is_a_label_of_the_cluster_alone_and_a_stack_that_lives_for_ever_has_none(run: Run) -> None:
    world = run({"ttl": "12h"})
    labels = [item.inputs["labels"] for kind in LABELLED[1:] for item in world.of(kind)]

    assert world.one("exoscale:index/sksCluster:SksCluster").inputs["labels"] == {**LABELS, "ttl": "12h"}
    assert not any("ttl" in mine for mine in labels)
    assert run().one("exoscale:index/sksCluster:SksCluster").inputs["labels"] == LABELS


@every_shape
def test_what_has_a_name_in_the_account_carries_the_stack_in_name_and_description(run: Run, shape: str) -> None:
    world = run(SHAPES[shape])
    named = [item.inputs for kind in NAMED for item in world.of(kind)]

    assert all(item["name"].startswith("exoscale-sks-dev-") for item in named)
    assert all(f"stack exoscale-sks/dev ({STACK_ID}), owner nobody" in item["description"] for item in named)


def test_what_cannot_be_renamed_has_the_stacks_id_in_its_name(run: Run) -> None:
    world = run()
    names = [item.inputs["name"] for kind in ("SecurityGroup", "AntiAffinityGroup") for item in world.of(kind)]

    assert names == [f"exoscale-sks-dev-nodes_{STACK_ID}", f"exoscale-sks-dev-default_{STACK_ID}"]


@every_shape
def test_the_release_leans_on_every_node_and_load_balancer(run: Run, shape: str) -> None:
    world = run(SHAPES[shape])
    outlive = {item.urn for kind in ("SksNodepool", "Nlb", "SksCluster", "kubernetes") for item in world.of(kind)}
    outlive |= {
        item.urn for kind in ("StackId", "SecondDrain", "NodepoolSweep", "RuleSweep") for item in world.of(kind)
    }

    assert all(outlive <= world.leans_on(release.urn) for release in world.of("Release"))


def test_the_dev_stack_is_the_tutorials_cluster(run: Run) -> None:
    world = run()
    cluster, pool = world.one("SksCluster").inputs, world.one("SksNodepool").inputs

    assert {key: cluster[key] for key in ("zone", "serviceLevel", "cni", "exoscaleCcm", "metricsServer")} == {
        "zone": "ch-gva-2",
        "serviceLevel": "starter",
        "cni": "calico",
        "exoscaleCcm": True,
        "metricsServer": True,
    }
    assert "version" not in cluster  # the newest
    assert (pool["size"], pool["instanceType"], pool["diskSize"]) == (2, "standard.small", 20)


def test_a_pool_gets_its_own_settings(run: Run) -> None:
    pool = {
        "size": 9,
        "instance-type": "gpu3.small",
        "disk-size-gb": 100,
        "instance-prefix": "gpu",
        "anti-affinity": False,
        "labels": {"team": "ml"},
        "taints": {"dedicated": "gpu:NoSchedule"},
    }
    world = run({"nodepools": {"default": {"anti-affinity": False}, "gpu": pool}, "version": "1.34.3"})
    [inputs] = [item.inputs for item in world.of("SksNodepool") if item.urn.endswith("::gpu-nodepool")]

    assert {key: inputs[key] for key in ("size", "instanceType", "diskSize", "instancePrefix", "taints", "labels")} == {
        "size": 9,
        "instanceType": "gpu3.small",
        "diskSize": 100,
        "instancePrefix": "gpu",
        "taints": {"dedicated": "gpu:NoSchedule"},
        "labels": {"team": "ml", **LABELS},
    }
    assert "antiAffinityGroupIds" not in inputs
    assert world.of("AntiAffinityGroup") == []
    assert world.one("SksCluster").inputs["version"] == "1.34.3"


@pytest.mark.parametrize(
    ("size", "made_with", "ignored", "bounds"),
    [
        (0, 0, [], None),
        (3, 3, [], None),
        ({"min": 2, "max": 5}, 2, ["size"], "2 to 5"),
        ({"min": 0, "max": 5}, 1, ["size"], "0 to 5"),
        ("external", 2, ["size"], "external"),
    ],
)
def test_the_size_of_a_pool_holds_or_is_left_to_others_once_the_pool_is_made(
    run: Run, size: Any, made_with: int, ignored: list[str], bounds: str | None
) -> None:
    world = run({"nodepools": {"web": {"size": size}}})
    pool, reported = world.one("SksNodepool"), plain(world.exports)["nodepools"]["web"]

    assert (pool.inputs["size"], list(pool.request.ignoreChanges)) == (made_with, ignored)
    assert (reported["size"], reported.get("bounds")) == (made_with, bounds)


def test_the_kubernetes_provider_never_forgets_what_it_cannot_reach(run: Run) -> None:
    assert "deleteUnreachable" not in run().one("kubernetes").inputs


def test_whatever_replaces_the_cluster_changes_what_the_provider_knows_it_by(run: Run) -> None:
    shapes: list[dict[str, Any]] = [{}, {"zone": "at-vie-1"}, {"level": "pro"}, {"cni": "cilium"}]
    known = {run(shape).one("kubernetes").request.replacement_trigger.string_value for shape in shapes}

    assert len(known) == len(shapes)


def test_another_name_or_owner_changes_nothing_that_the_provider_knows_the_cluster_by(run: Run) -> None:
    providers = [run().one("kubernetes"), run({"owner": "bob"}, stack="prod").one("kubernetes")]

    assert len({provider.request.replacement_trigger.string_value for provider in providers}) == 1
    assert {tuple(provider.request.ignoreChanges) for provider in providers} == {("clusterIdentifier",)}


def test_the_release_is_uninstalled_before_its_cluster_is_replaced(run: Run) -> None:
    world = run()
    [namespace] = [world.one("Release").request.propertyDependencies["namespace"]]

    assert list(namespace.urns) == [world.one("SksCluster").urn]


@pytest.mark.parametrize("kind", ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"])
def test_the_policy_of_the_nlb_goes_with_its_cluster_after_the_drain_and_before_the_nlb(run: Run, kind: str) -> None:
    world = run()
    policy = world.one(kind)

    assert world.one("SksCluster").urn in policy.request.propertyDependencies["metadata"].urns
    assert list(policy.request.replaceOnChanges) == ["metadata"]  # of which only a part is known to replace it
    assert policy.urn in world.leans_on(world.step("Drain").urn)
    assert world.one("Nlb").urn in world.leans_on(policy.urn)
    assert policy.inputs["metadata"]["name"] == "exoscale-sks-balancer-of-ingress"


def test_a_change_that_the_plugin_would_swallow_replaces_the_cluster(run: Run) -> None:
    request = run().one("SksCluster").request

    assert list(request.replaceOnChanges) == ["serviceLevel", "cni"]
    assert request.deleteBeforeReplace


def test_what_a_pool_cannot_lose_replaces_it(run: Run) -> None:
    tainted = {"taints": {"gpu": "a:NoSchedule"}}
    world = run({"nodepools": {"bare": {"anti-affinity": False}, "web": {}, "gpu": tainted}})

    assert {pool.request.name: list(pool.request.replaceOnChanges) for pool in world.of("SksNodepool")} == {
        "bare-nodepool": ["antiAffinityGroupIds", "taints"],
        "web-nodepool": ["taints"],
        "gpu-nodepool": [],
    }


@pytest.mark.parametrize(("csi", "ignored"), [(False, ["exoscaleCsi"]), (True, [])])
def test_a_cluster_keeps_the_storage_driver_that_it_has(run: Run, csi: bool, ignored: list[str]) -> None:
    assert list(run({"storage": {"csi": csi}}).one("SksCluster").request.ignoreChanges) == ignored


def test_a_rule_is_never_replaced_for_another_description(run: Run) -> None:
    assert {tuple(rule.request.ignoreChanges) for rule in run().of("SecurityGroupRule")} == {("description",)}


@pytest.mark.parametrize("kind", ["SecurityGroup", "AntiAffinityGroup"])
def test_a_group_is_never_replaced_for_a_text_that_the_cloud_cannot_change(run: Run, kind: str) -> None:
    assert list(run().one(kind).request.ignoreChanges) == ["name", "description"]


def test_the_outputs_of_the_stack(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "of the stack.yaml"
    exports = plain(run({"kubeconfig": {"file": str(file)}}).exports)

    assert exports == {
        "endpoint": "https://cluster.sks-ch-gva-2.exo.io:443",
        "kubeconfig": file.read_text(),
        "kubeconfig_path": str(file),
        "connect": f"export KUBECONFIG='{file}'; kubectl config use-context exoscale-sks-dev && kubectl cluster-info",
        "ingress_ip": "198.51.100.7",
        "url": "http://198-51-100-7.nip.io",
        "nodepools": {
            "default": {
                "id": "default-nodepool-id",
                "instance-pool-id": "the-instance-pool",
                "size": 2,
                "instance-type": "standard.small",
                "disk-size-gb": 20,
            }
        },
        "monthly_cost": "63.50 CHF per month (prices of 2025-08-22): control plane starter 0.00; "
        "default, 2 x standard.small 34.06; 2 x 20 GiB disk 4.09; 1 x NLB 25.35",
    }


def test_outputs_and_costs_speak_of_the_machines_that_there_are(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("standard.medium", 1), ("standard.small", 2)]
    found = [{"instanceType": type_, "diskSizeGb": 20, "number": number} for type_, number in rows]
    monkeypatch.setattr("tests.unit.conftest.foreseen", lambda pools, before: dict.fromkeys(pools, found))
    exports = plain(run({"nodepools": {"web": {"size": 3, "instance-type": "standard.large"}}}).exports)

    assert exports["monthly_cost"].startswith("99.60 CHF per month")
    assert "web, 1 x standard.medium 34.06; " in exports["monthly_cost"]
    assert "web, 2 x standard.small 34.06; " in exports["monthly_cost"]
    web = exports["nodepools"]["web"]
    assert (web["size"], web["instance-type"]) == (3, "standard.medium and standard.small")
    assert web["disk-size-gb"] == 20


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "198.51.100.7"),
        ({"ingress": {"load-balancer": "ccm"}}, "198.51.100.8"),
        ({"ingress": {"controller": "none"}}, None),
        ({"platform": "k3d", "k3d": {"http-port": 8888}}, "localhost:8888"),
    ],
)
def test_ingress_ip_is_known_wherever_the_load_balancer_comes_from(
    run: Run, settings: dict[str, Any], address: str | None
) -> None:
    assert plain(run(settings).exports).get("ingress_ip") == address


def test_the_address_made_by_the_ccm_is_read_from_the_controllers_service_once_the_release_is_there(run: Run) -> None:
    world = run({"ingress": {"load-balancer": "ccm"}})
    (read,) = world.reads

    assert read.id == "ingress/ingress-controller"
    assert world.one("Release").urn in read.dependencies


@every_shape
def test_no_secret_leaves_in_plain_text(run: Run, shape: str) -> None:
    world = run(SHAPES[shape])
    in_clear = [without_secrets(MessageToDict(item.request.object)) for item in world.registrations.values()]
    in_clear += [without_secrets(MessageToDict(item.outputs)) for item in world.outputs]
    in_clear.append(without_secrets(world.exports))

    assert CLIENT_KEY in json.dumps(plain(world.exports))  # the search would find it
    assert CLIENT_KEY not in json.dumps(in_clear)
    assert not any(CLIENT_KEY in warning for warning in world.warnings)


@pytest.mark.parametrize("kind", ["SksKubeconfig", "Command"])
def test_the_plugins_own_copy_of_the_kubeconfig_is_a_secret(run: Run, kind: str) -> None:
    world = run({"platform": "k3d"} if kind == "Command" else {})
    (item,) = [item for item in world.of(kind) if item.urn.endswith("-kubeconfig")]

    assert set(item.request.additionalSecretOutputs) & {"kubeconfig", "stdout"}


def test_bad_settings_register_nothing() -> None:
    world = configure({"zone": "ch-gva-9"})

    with pytest.raises(pulumi.RunError):
        execute(main, world)
    assert world.registrations == {}


def test_a_closed_firewall_warns_that_nobody_reaches_the_ingress_controller(run: Run) -> None:
    (warning,) = run({"firewall": {"open-node-ports": False}}).warnings

    assert "open-node-ports is false" in warning


def test_main_is_a_table_of_contents() -> None:
    text = (PROJECT / "__main__.py").read_text()

    assert len(text.splitlines()) < 60
    assert "get_stack" not in text
