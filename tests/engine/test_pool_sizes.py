"""Who decides how many nodes a pool has: the settings, or others. Each step is an `up`, in order."""

from collections.abc import Callable

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.client import connect
from sandbox.sandbox import Sandbox

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack]) -> SandboxStack:
    return make_stack("sizes", config={"exoscale-sks:ingress": {"controller": "none"}})


def resize(stack: SandboxStack, size: object) -> None:
    stack.config["exoscale-sks:nodepools"] = {"default": {"size": size}}


def test_a_new_pool_without_a_node_is_refused_before_anything_is_made(
    stack: SandboxStack, cloud: Callable[[], dict[str, int]]
) -> None:
    resize(stack, 0)
    with pytest.raises(automation.CommandError, match=r"nodepools\.default\.size is 0, and Exoscale makes no nodepool"):
        stack.up()

    assert cloud() == {}


def test_what_others_made_of_a_pools_size_survives_an_up(stack: SandboxStack, sandbox: Sandbox) -> None:
    resize(stack, {"min": 1, "max": 4})
    stack.up()
    client = connect(sandbox.url, sandbox.key, sandbox.secret, "ch-gva-2", poll_seconds=0.05)
    [cluster] = client.list_sks_clusters()["sks-clusters"]
    [pool] = cluster["nodepools"]
    assert pool["size"] == 1
    operation = client.scale_sks_nodepool(id=cluster["id"], sks_nodepool_id=pool["id"], size=3)
    client.wait(operation["id"])

    outputs = stack.up(refresh=True).outputs

    assert client.get_sks_nodepool(id=cluster["id"], sks_nodepool_id=pool["id"])["size"] == 3
    assert outputs["nodepools"].value["default"]["size"] == 3
    assert "default, 3 (1 to 4) x standard.small" in outputs["monthly_cost"].value


def test_a_parked_pool_stays_and_costs_nothing(stack: SandboxStack, cloud: Callable[[], dict[str, int]]) -> None:
    resize(stack, 0)
    outputs = stack.up().outputs

    assert cloud() == {"sks-cluster": 1, "sks-nodepool": 1, "instance-pool": 1}
    assert "default, no nodes 0.00" in outputs["monthly_cost"].value
    assert stack.up().summary.resource_changes.keys() == {"same"}


def test_a_parked_pool_comes_back_and_goes_without_a_trace(
    stack: SandboxStack, cloud: Callable[[], dict[str, int]]
) -> None:
    resize(stack, 2)
    stack.up()
    assert cloud()["instance"] == 2

    stack.destroy()
    assert cloud() == {}
