"""A sandbox on paper: the real engine, the stand-in plugins and Exoscale's API, and clusters that are no processes.

An `up` takes seconds where the whole sandbox takes a minute, so that a test can do many. What a cluster's controllers
would do is not there (`control_planes.py`); for that there is the rest of `tests/engine`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.kubernetes import helm
from sandbox.plugins.timing import Timing
from sandbox.sandbox import Sandbox
from sandbox.stack import SandboxStack
from tests.engine.conftest import PROJECT, enter
from tests.engine.faults.account import Account
from tests.engine.paper.control_planes import PaperControlPlanes
from tests.engine.paper.kubernetes import PaperHelm, PaperKubernetes

AT_ONCE = 0
NO_PAUSES = Timing(0.02, 0.02)


class PaperSandbox(Sandbox):
    """Every operation ends at once."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, pace=AT_ONCE)

    def _make_control_planes(self, cloud: Cloud, proxy_url: str) -> Any:
        return PaperControlPlanes(self.home)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A paper sandbox; its variables are this process's."""
    with PaperSandbox(tmp_path_factory.mktemp("paper")) as running, pytest.MonkeyPatch.context() as patch:
        enter(running, patch)
        patch.setattr(helm, "Helm", PaperHelm)
        patch.setattr(PaperHelm, "planes", running.control_planes, raising=False)
        yield running


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> Account:
    return Account(sandbox)


@pytest.fixture(scope="module")
def make_stack(sandbox: Sandbox, charts: Callable[[str], Path]) -> Callable[..., SandboxStack]:
    """Makes stacks of our program on the paper sandbox."""

    def make(name: str = "paper", **options: Any) -> SandboxStack:
        config = {
            "exoscale-sks:kubeconfig": {"file": str(sandbox.home / f"{name}.kubeconfig")},
            "exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))},
            **options.pop("config", {}),
        }
        stand_ins = [ExoscaleProvider(NO_PAUSES), PaperKubernetes()]
        return SandboxStack(sandbox.home, PROJECT, name, sandbox.environment(), config, stand_ins=stand_ins, **options)

    return make
