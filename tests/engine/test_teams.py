"""Stacks that share an account do not see each other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.sandbox import Sandbox
from sandbox.stack import SandboxStack

pytestmark = pytest.mark.engine


def test_destroying_one_developers_stack_leaves_the_others_whole(
    make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    def stack(name: str) -> SandboxStack:
        return make_stack(
            name,
            config={
                "exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))},
                "exoscale-sks:kubeconfig": {"file": str(tmp_path / f"{name}.yaml")},
            },
        )

    def held() -> set[str]:
        kinds = ("sks-cluster", "sks-nodepool", "instance", "load-balancer", "security-group", "anti-affinity-group")
        return {item["id"] for kind in kinds for item in sandbox.cloud.store.list(kind)}

    alice, alice_too = stack("alice"), stack("alice-too")  # one name begins with the other
    alice.up()
    of_alice = held()
    alice_too.up()
    alice_too.destroy()
    assert held() >= of_alice
    assert len(held()) == len(of_alice)
    assert set((alice.up().summary.resource_changes or {}).keys()) == {"same"}
    alice.destroy()
    assert [group["name"] for group in sandbox.cloud.store.list("security-group")] == ["default"]
    assert sandbox.cloud.store.list("sks-cluster") == []
