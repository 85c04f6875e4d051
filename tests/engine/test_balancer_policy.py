"""The ingress controller's NLB, and Services of users that want a part of it: each test is a step, in order."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.conftest import Kubectl
from tests.engine.faults.users import PREFIX, TRIES, Users

pytestmark = pytest.mark.engine

BINDING = "validatingadmissionpolicybinding/exoscale-sks-balancer-of-ingress"
TAKES = "is the ingress controller's and would be taken from it. Next: leave out the annotation"
CLASHES = "ports 80 and 443 of NLB"
OURS = "exoscale-sks-sandbox-ingress"


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> SandboxStack:
    return make_stack(config={"exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))}})


@pytest.fixture(scope="module")
def outputs(stack: SandboxStack) -> automation.OutputMap:
    return stack.up().outputs


@pytest.fixture
def users(outputs: automation.OutputMap, kubectl: Callable[[str], Kubectl]) -> Users:
    return Users(kubectl(outputs["kubeconfig"].value))


@pytest.fixture
def nlb(outputs: automation.OutputMap, sandbox: Sandbox) -> Callable[[], dict[str, Any]]:
    """The ingress controller's NLB as the cloud has it."""

    def find() -> dict[str, Any]:
        [found] = [one for one in sandbox.cloud.store.list("load-balancer") if one["ip"] == outputs["ingress_ip"].value]
        return found

    return find


def service(
    called: str = "front", port: int = 80, protocol: str = "TCP", kind: str = "LoadBalancer", **said: str
) -> str:
    """A manifest; annotations are those of the cloud controller manager, without their prefix."""
    metadata = {
        "name": called,
        "namespace": "default",
        "annotations": {PREFIX + key: value for key, value in said.items()},
    }
    spec = {"type": kind, "selector": {"app": called}, "ports": [{"port": port, "protocol": protocol}]}
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})


def answer(users: Users, manifest: str) -> str:
    """What the cluster says against a Service; empty where it would take it. Nothing is made."""
    try:
        users.kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest)
    except AssertionError as refused:
        return str(refused)
    return ""


REFUSED = {
    "names it by its id": ({"id": "ID"}, TAKES),
    "names it by its name": ({"name": OURS}, TAKES),
    "says that it is not external": ({"id": "ID", "external": "false"}, TAKES),
    "shares it and wants the same port": ({"id": "ID", "external": "true"}, CLASHES),
    "shares it by its name and wants the same port": ({"name": OURS, "external": "True", "port": 443}, CLASHES),
}
ADMITTED = {
    "has one of its own": {},
    "has one of its own with a name": {"name": "theirs"},
    "shares another": {"id": "0b1c2d3e-0000-4000-8000-000000000000", "external": "true"},
    "shares it on another port": {"id": "ID", "external": "true", "port": 8080},
    "shares it on the same port of another protocol": {"id": "ID", "external": "TRUE", "protocol": "UDP"},
    "is no load balancer": {"id": "ID", "kind": "ClusterIP"},
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_service_that_would_take_the_nlb_or_its_ports_is_refused_with_what_to_do(
    users: Users, nlb: Callable[[], dict[str, Any]], how: str
) -> None:
    said, line = REFUSED[how]
    refusal = answer(users, service(**{key: nlb()["id"] if value == "ID" else value for key, value in said.items()}))  # type: ignore[arg-type]

    assert line in refusal
    assert nlb()["id"] in refusal


@pytest.mark.parametrize("how", ADMITTED)
def test_a_service_that_leaves_the_nlb_to_the_ingress_controller_is_admitted(
    users: Users, nlb: Callable[[], dict[str, Any]], how: str
) -> None:
    said = {key: nlb()["id"] if value == "ID" else value for key, value in ADMITTED[how].items()}

    assert answer(users, service(**said)) == ""  # type: ignore[arg-type]


def test_one_that_shares_it_as_the_refusal_says_gets_its_address_and_leaves_the_site_up(
    users: Users, nlb: Callable[[], dict[str, Any]], stack: SandboxStack
) -> None:
    before = nlb()
    users.apply(service(port=8080, id=before["id"], external="true"))
    assert users.address("front") == before["ip"]

    with pytest.raises(AssertionError, match=TAKES):
        users.kubectl("annotate", "service", "front", f"{PREFIX}external-")
    assert nlb()["name"] == before["name"]
    assert {one["port"] for one in nlb()["services"]} == {80, 443, 8080}
    assert stack.up().summary.resource_changes.keys() == {"same"}


def test_one_that_was_there_before_the_policy_can_be_changed_and_deleted(
    users: Users, nlb: Callable[[], dict[str, Any]], sandbox: Sandbox
) -> None:
    """As in a cluster of an earlier release. Its controller is dead, or it would take the NLB at once."""
    [cluster] = sandbox.cloud.store.list("sks-cluster")
    sandbox.control_planes.kill(cluster["id"], "ccm")
    binding = users.kubectl.json("get", BINDING)
    users.kubectl("delete", BINDING)
    for _ in range(TRIES):
        if answer(users, service("old", id=nlb()["id"])) == "":
            break
    users.apply(service("old", id=nlb()["id"]))
    binding["metadata"] = {"name": binding["metadata"]["name"]}
    users.apply(json.dumps(binding))
    for _ in range(TRIES):
        if answer(users, service("new", id=nlb()["id"])):
            break

    assert TAKES in answer(users, service("new", id=nlb()["id"]))
    users.kubectl("label", "service", "old", "still=theirs")
    users.kubectl("delete", "service", "old")
    sandbox.control_planes.revive(cluster["id"], "ccm")


def test_it_goes_without_a_trace(stack: SandboxStack, cloud: Callable[[], dict[str, int]]) -> None:
    stack.destroy()
    assert cloud() == {}
