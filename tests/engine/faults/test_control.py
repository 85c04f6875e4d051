"""The control of the experiment: what the classic way does with the same faults, so that the rows can fail."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.classic import Classic
from tests.engine.conftest import Kubectl
from tests.engine.faults.account import Account, Held, besides
from tests.engine.faults.users import Users

pytestmark = pytest.mark.engine


def test_without_ordering_and_drain_the_same_users_service_leaks_or_stops_the_destroy(
    make_stack: Callable[..., SandboxStack],
    plain_project: Path,
    charts: Callable[[str], Path],
    sandbox: Sandbox,
    account: Account,
    bystander: Held,
    left: Callable[[], dict[str, list[str]]],
    kubectl: Callable[[str], Kubectl],
    tmp_path: Path,
) -> None:
    program = Classic(charts("nginx-ingress"), kubeconfig_file=tmp_path / "kubeconfig", with_ingress=False)
    stack = make_stack("classic", project=plain_project, program=program)
    try:
        access = stack.up().outputs["kubeconfig"].value
        (tmp_path / "kubeconfig").write_text(access)
        program.with_ingress = True
        stack.up()
        Users(kubectl(access)).expose("front")
        failures = 0
        for _ in range(3):
            try:
                stack.destroy()
            except automation.CommandError:
                failures += 1
        assert failures == 3 or left()
        assert "load-balancer" in left()
    finally:
        account.remove(besides(account.holds(), bystander))
        stack.forget()
