"""The ingress controller runs where its load balancer sends the traffic. Each step is an `up`, in order."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.conftest import Kubectl

pytestmark = pytest.mark.engine

POOLS = {"any": {"size": 1}, "web": {"size": 1, "taints": {"dedicated": "web:NoExecute"}}}


@pytest.fixture(scope="module")
def chart(charts: Callable[[str], Path]) -> Path:
    return charts("nginx-ingress")


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], chart: Path) -> SandboxStack:
    ingress = {"nodepool": "web", "chart": str(chart), "timeout-seconds": 20}
    return make_stack("pools", config={"exoscale-sks:nodepools": POOLS, "exoscale-sks:ingress": ingress})


def test_an_up_fails_when_no_pod_gets_ready_where_the_traffic_goes(stack: SandboxStack, chart: Path) -> None:
    """The chart loses its tolerations, which Helm does not notice: no node takes a pod, so none is missing."""
    workload = chart / "templates" / "workload.yaml"
    text = workload.read_text()
    workload.write_text("".join(line for line in text.splitlines(keepends=True) if "tolerations:" not in line))
    stack.config["exoscale-sks:ingress"]["timeout-seconds"] = 5
    with pytest.raises(automation.CommandError, match="the ingress controller has no ready pod on nodepool web"):
        stack.up()

    workload.write_text(text)


def test_the_controller_runs_on_the_pool_of_the_traffic_alone_whatever_its_taints(
    stack: SandboxStack, chart: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    # To Helm a chart in a folder is the same one as long as its version is.
    (chart / "Chart.yaml").write_text((chart / "Chart.yaml").read_text().replace("0.1.0", "0.1.1"))
    outputs = stack.up().outputs

    kubectl = Kubectl(outputs["kubeconfig"].value, tmp_path)
    pods = kubectl.json("get", "pods", "-n", "ingress")["items"]
    pool = outputs["nodepools"].value["web"]["instance-pool-id"]
    members = [one["name"] for one in sandbox.cloud.store.where("instance", "manager.id", pool)]
    assert [pod["spec"]["nodeName"] for pod in pods] == members
    assert targets(sandbox) == {pool}
    assert stack.up().summary.resource_changes.keys() == {"same"}


def targets(sandbox: Sandbox) -> set[str]:
    """The instance pools that the one load balancer sends traffic to."""
    [nlb] = sandbox.cloud.store.list("load-balancer")
    return {service["instance-pool"]["id"] for service in nlb["services"]}


def test_the_pool_of_the_traffic_is_made_anew_and_the_traffic_moves_before_the_old_one_goes(
    stack: SandboxStack, sandbox: Sandbox
) -> None:
    """It loses its last taint, which no update takes away. Exoscale refuses to delete a pool that an NLB targets."""
    before, address = targets(sandbox), [nlb["ip"] for nlb in sandbox.cloud.store.list("load-balancer")]
    stack.config["exoscale-sks:nodepools"] = {"any": {"size": 1}, "web": {"size": 1}}
    outputs = stack.up().outputs

    assert targets(sandbox) == {outputs["nodepools"].value["web"]["instance-pool-id"]}
    assert targets(sandbox).isdisjoint(before)
    assert len(sandbox.cloud.store.list("sks-nodepool")) == 2
    assert [outputs["ingress_ip"].value] == address
    assert stack.up().summary.resource_changes.keys() == {"same"}


def test_it_goes_without_a_trace(stack: SandboxStack, cloud: Callable[[], dict[str, int]]) -> None:
    stack.destroy()
    assert cloud() == {}
