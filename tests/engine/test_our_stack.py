"""One stack of ours through its life on the real engine: each test is a step, in order, on one sandbox.

The cloud is asked, never the state alone.
"""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.backend import Backend
from sandbox.client import connect
from sandbox.environment import entered
from sandbox.sandbox import Sandbox
from tests.engine.conftest import Kubectl
from tests.sandbox.waiting import until
from tools import path_of

pytestmark = pytest.mark.engine

POOLS = "exoscale-sks:nodepools"
# What an update of a pool comes with: the stack's record of its settings, that of what its machines are, and a look for
# the ingress controller's pods.
SETTINGS, MACHINES, PODS = 1, 1, 1
PROTECT = "exoscale-sks:protect"
SMALL = {"size": 2, "instance-type": "standard.small", "disk-size-gb": 20}


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> SandboxStack:
    """The `sandbox` stack; steps change its `config`."""
    return make_stack(config={"exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))}})


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Any:
    return connect(sandbox.url, sandbox.key, sandbox.secret, "ch-gva-2", poll_seconds=0.05)


def changes(result: automation.UpResult | automation.PreviewResult) -> dict[str, int]:
    """What the engine did, or would do, without what stayed the same."""
    if isinstance(result, automation.PreviewResult):
        summary = {getattr(kind, "value", str(kind)): number for kind, number in result.change_summary.items()}
    else:
        summary = dict(result.summary.resource_changes or {})
    return {kind: number for kind, number in summary.items() if kind != "same"}


@pytest.fixture(scope="module")
def outputs(stack: SandboxStack) -> automation.OutputMap:
    return stack.up().outputs


@pytest.fixture
def kube(outputs: automation.OutputMap, kubectl: Callable[[str], Kubectl]) -> Kubectl:
    return kubectl(outputs["kubeconfig"].value)


def test_up_brings_up_what_the_tutorial_created(
    outputs: automation.OutputMap, cloud: Callable[[], dict[str, int]]
) -> None:
    assert cloud() == {"sks-cluster": 1, "sks-nodepool": 1, "instance-pool": 1, "instance": 2, "load-balancer": 1}
    assert outputs["endpoint"].value.endswith(".sks-ch-gva-2.exo.io:443")
    assert [name for name, output in outputs.items() if output.secret] == ["kubeconfig"]


def test_the_ingress_answers_at_the_address_of_the_stacks_own_nlb(
    outputs: automation.OutputMap, client: Any, kube: Kubectl
) -> None:
    [nlb] = client.list_load_balancers()["load-balancers"]
    assert outputs["ingress_ip"].value == nlb["ip"]
    services = kube.json("get", "services", "--all-namespaces")["items"]
    [service] = [item for item in services if item["spec"]["type"] == "LoadBalancer"]
    assert service["status"]["loadBalancer"]["ingress"] == [{"ip": nlb["ip"], "ipMode": "VIP"}]
    assert {entry["strategy"] for entry in nlb["services"]} == {"source-hash"}
    assert {entry["healthcheck"]["mode"] for entry in nlb["services"]} == {"http"}
    assert all(status["status"] == "success" for entry in nlb["services"] for status in entry["healthcheck-status"])


@pytest.mark.usefixtures("outputs")
def test_up_again_changes_nothing(stack: SandboxStack) -> None:
    assert changes(stack.up()) == {}


@pytest.mark.usefixtures("outputs")
def test_the_state_names_no_port_of_this_machine_but_the_proxys_which_never_changes(
    stack: SandboxStack, sandbox: Sandbox
) -> None:
    state = subprocess.run(
        [path_of("pulumi"), "stack", "export", "--show-secrets", "--stack", stack.name],
        cwd=sandbox.home / "stacks" / stack.name,
        env=entered(os.environ, Backend(sandbox.home).variables()),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    named = set(re.findall(r"(?:localhost|127(?:\.\d+){3}):\d+", state))
    assert named == {urlsplit(sandbox.proxy_url).netloc}


@pytest.mark.usefixtures("outputs")
def test_preview_of_a_larger_pool_is_one_update_and_changes_nothing_yet(
    stack: SandboxStack, cloud: Callable[[], dict[str, int]]
) -> None:
    stack.config[POOLS] = {"default": {**SMALL, "size": 3}}
    assert changes(stack.preview()) == {"update": 1 + SETTINGS + MACHINES + PODS}
    assert cloud()["instance"] == 2


def test_scaling_adds_a_node(stack: SandboxStack, kube: Kubectl) -> None:
    assert changes(stack.up()) == {"update": 1 + SETTINGS + MACHINES + PODS}
    until(lambda: len(kube.json("get", "nodes")["items"]) == 3, "a third node has registered")
    kube("wait", "nodes", "--all", "--for=condition=Ready", "--timeout=60s")


@pytest.mark.usefixtures("outputs")
def test_a_second_pool_is_added_without_touching_the_first(
    stack: SandboxStack, cloud: Callable[[], dict[str, int]], client: Any
) -> None:
    before = {pool["id"] for pool in client.list_instance_pools()["instance-pools"]}
    stack.config[POOLS] = {
        "default": {**SMALL, "size": 3},
        "second": {**SMALL, "size": 1, "taints": {"dedicated": "second:NoSchedule"}},
    }
    assert changes(stack.up()) == {"create": 4, "update": 2 + SETTINGS + MACHINES}  # both drains learn of the pool
    assert cloud()["sks-nodepool"] == 2
    assert before < {pool["id"] for pool in client.list_instance_pools()["instance-pools"]}


@pytest.mark.usefixtures("outputs")
def test_a_pool_is_removed_again(stack: SandboxStack, cloud: Callable[[], dict[str, int]]) -> None:
    stack.config[POOLS] = {"default": {**SMALL, "size": 2}}
    assert changes(stack.up()) == {"delete": 4, "update": 3 + SETTINGS + MACHINES + PODS}
    assert cloud() == {"sks-cluster": 1, "sks-nodepool": 1, "instance-pool": 1, "instance": 2, "load-balancer": 1}


@pytest.mark.usefixtures("outputs")
def test_another_instance_type_is_an_update_of_the_pool(stack: SandboxStack, client: Any) -> None:
    stack.config[POOLS] = {"default": {**SMALL, "instance-type": "standard.medium"}}
    assert changes(stack.up()) == {"update": 1 + MACHINES}
    [cluster] = client.list_sks_clusters()["sks-clusters"]
    kind = client.get_instance_type(id=cluster["nodepools"][0]["instance-type"]["id"])
    assert (kind["family"], kind["size"]) == ("standard", "medium")


@pytest.mark.usefixtures("outputs")
def test_an_nlb_that_somebody_deleted_by_hand_is_made_again_after_a_refresh(stack: SandboxStack, client: Any) -> None:
    [nlb] = client.list_load_balancers()["load-balancers"]
    client.wait(client.delete_load_balancer(id=nlb["id"])["id"])
    stack.up(refresh=True)
    [again] = client.list_load_balancers()["load-balancers"]
    assert again["id"] != nlb["id"]
    assert len(again["services"]) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("outputs")
def test_a_protected_stack_loses_nothing_to_a_destroy_until_protect_is_false_again(
    stack: SandboxStack, cloud: Callable[[], dict[str, int]], client: Any
) -> None:
    before = cloud()
    services = [nlb["services"] for nlb in client.list_load_balancers()["load-balancers"]]
    stack.config[PROTECT] = True
    stack.up()
    with pytest.raises(automation.CommandError, match="protected"):
        stack.destroy()
    assert cloud() == before
    # Not even drained.
    assert [nlb["services"] for nlb in client.list_load_balancers()["load-balancers"]] == services
    stack.config[PROTECT] = False
    stack.up()


@pytest.mark.slow
@pytest.mark.usefixtures("outputs")
def test_another_cni_replaces_the_cluster_leaves_no_second_one_and_keeps_the_nlb(
    stack: SandboxStack, client: Any, cloud: Callable[[], dict[str, int]]
) -> None:
    [before] = client.list_sks_clusters()["sks-clusters"]
    balancers = [nlb["id"] for nlb in client.list_load_balancers()["load-balancers"]]
    stack.config["exoscale-sks:cni"] = "cilium"
    stack.up()
    [after] = client.list_sks_clusters()["sks-clusters"]
    assert after["id"] != before["id"]
    assert after["cni"] == "cilium"
    assert cloud() == {"sks-cluster": 1, "sks-nodepool": 1, "instance-pool": 1, "instance": 2, "load-balancer": 1}
    assert [nlb["id"] for nlb in client.list_load_balancers()["load-balancers"]] == balancers


@pytest.mark.usefixtures("outputs")
def test_destroy_leaves_nothing(stack: SandboxStack, cloud: Callable[[], dict[str, int]], client: Any) -> None:
    stack.destroy()
    assert cloud() == {}
    assert client.list_anti_affinity_groups()["anti-affinity-groups"] == []
    assert [group["name"] for group in client.list_security_groups()["security-groups"]] in ([], ["default"])


@pytest.mark.usefixtures("outputs")
def test_a_second_destroy_is_a_no_op(stack: SandboxStack) -> None:
    assert not stack.destroy().summary.resource_changes
