"""The classic ways of destroying, with the results that the real parts gave."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.admin import Admin
from sandbox.client import connect
from sandbox.sandbox import Sandbox
from tests.engine.classic import Classic
from tests.engine.conftest import Kubectl

pytestmark = pytest.mark.engine

MY_SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: mine, namespace: default}
spec: {type: LoadBalancer, selector: {app: mine}, ports: [{port: 80}]}
"""

MakeStack = Callable[..., SandboxStack]
Cloud = Callable[[], dict[str, int]]


@pytest.fixture
def classic(
    make_stack: MakeStack, plain_project: Path, sandbox: Sandbox
) -> Iterator[Callable[[Classic], SandboxStack]]:
    """Makes the classic stack; whatever a test leaves in the cloud is gone before the next."""
    made: list[SandboxStack] = []

    def make(program: Classic) -> SandboxStack:
        made.append(make_stack(project=plain_project, program=program))
        return made[-1]

    yield make
    Admin(sandbox.record).reset()
    for stack in made:
        stack.forget()


def failure(run: Callable[[], object]) -> str:
    """What `pulumi` printed when it failed."""
    with pytest.raises(automation.CommandError) as failed:
        run()
    return str(failed.value)


@pytest.mark.slow
def test_with_the_kubeconfig_as_data_the_engine_waits_for_the_release(
    classic: Callable[[Classic], SandboxStack], charts: Callable[[str], Path], cloud: Cloud
) -> None:
    stack = classic(Classic(charts("nginx-ingress")))
    stack.up()
    assert cloud()["load-balancer"] == 1
    stack.destroy()
    assert cloud() == {}


@pytest.mark.slow
def test_with_a_kubeconfig_file_destroy_fails_and_a_second_one_works(
    classic: Callable[[Classic], SandboxStack], charts: Callable[[str], Path], cloud: Cloud, tmp_path: Path
) -> None:
    program = Classic(charts("nginx-ingress"), kubeconfig_file=tmp_path / "kubeconfig", with_ingress=False)
    stack = classic(program)
    (tmp_path / "kubeconfig").write_text(stack.up().outputs["kubeconfig"].value)
    program.with_ingress = True
    stack.up()

    printed = failure(stack.destroy)
    assert "DeleteSKSNodepool: http response: Forbidden: Operation destroyInstancePool on resource" in printed
    assert "is forbidden - reason: Locked by NLB" in printed

    stack.destroy()
    assert cloud() == {}


@pytest.mark.slow
def test_a_users_own_load_balancer_blocks_every_destroy_until_it_is_removed_by_hand(
    classic: Callable[[Classic], SandboxStack],
    charts: Callable[[str], Path],
    cloud: Cloud,
    kubectl: Callable[[str], Kubectl],
    sandbox: Sandbox,
) -> None:
    stack = classic(Classic(charts("nginx-ingress")))
    kube = kubectl(stack.up().outputs["kubeconfig"].value)
    kube("apply", "-f", "-", stdin=MY_SERVICE)
    kube("wait", "service/mine", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}", "--timeout=30s")

    assert "Locked by NLB" in failure(stack.destroy)
    assert "Locked by NLB" in failure(stack.destroy)

    client = connect(sandbox.url, sandbox.key, sandbox.secret, "ch-gva-2", poll_seconds=0.05)
    [mine] = client.list_load_balancers()["load-balancers"]
    client.wait(client.delete_load_balancer(id=mine["id"])["id"])
    stack.destroy()
    assert cloud() == {}


@pytest.mark.slow
def test_with_the_api_server_gone_a_release_cannot_be_deleted_and_with_a_dead_ccm_helms_record_is_lost(
    classic: Callable[[Classic], SandboxStack], charts: Callable[[str], Path], cloud: Cloud, sandbox: Sandbox
) -> None:
    stack = classic(Classic(charts("nginx-ingress"), timeout=5))
    cluster = stack.up().outputs["cluster"].value
    sandbox.control_planes.kill(cluster, "api-server")
    assert "can't delete Helm Release with unreachable cluster" in failure(stack.destroy)
    sandbox.control_planes.revive(cluster, "api-server")

    sandbox.control_planes.kill(cluster, "ccm")
    assert "uninstallation completed with 1 error(s): context deadline exceeded" in failure(stack.destroy)
    assert "uninstall: Release not loaded: ingress: release: not found" in failure(stack.destroy)

    # The refresh drops the release; the pool is still locked by the NLB that nobody deletes any more.
    assert "Locked by NLB" in failure(lambda: stack.destroy(refresh=True))
    assert cloud()["load-balancer"] == 1


@pytest.mark.slow
def test_what_was_applied_by_hand_blocks_every_destroy_and_without_the_pool_lock_stays_and_costs_money(
    classic: Callable[[Classic], SandboxStack],
    cloud: Cloud,
    kubectl: Callable[[str], Kubectl],
    sandbox: Sandbox,
) -> None:
    stack = classic(Classic(Path("unused"), with_ingress=False))
    kube = kubectl(stack.up().outputs["kubeconfig"].value)
    kube("apply", "-f", "-", stdin=MY_SERVICE)
    kube("wait", "service/mine", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}", "--timeout=30s")

    assert "Locked by NLB" in failure(stack.destroy)
    assert "Locked by NLB" in failure(stack.destroy)
    assert cloud()["sks-nodepool"] == 1
    with rule(sandbox, nodepool_locked_by_load_balancer=False):
        stack.destroy()
    assert cloud() == {"load-balancer": 1}


@contextlib.contextmanager
def rule(sandbox: Sandbox, **switches: bool) -> Iterator[None]:
    """Switches an assumed refusal for a while."""
    before = {name: getattr(sandbox.cloud.rules, name) for name in switches}
    for name, value in switches.items():
        setattr(sandbox.cloud.rules, name, value)
    yield
    for name, value in before.items():
        setattr(sandbox.cloud.rules, name, value)
