"""A sandbox on paper: the real engine, the stand-in plugins and Exoscale's API, and clusters that are no processes.

An `up` takes seconds where the whole sandbox takes a minute, so that a test can do many. What a cluster's controllers
would do is not there (`control_planes.py`); for that there is the rest of `tests/engine`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runner.stack import SandboxStack
from sandbox.cloud import Cloud
from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.kubernetes import helm
from sandbox.plugins.timing import Timing
from sandbox.sandbox import Sandbox
from tests.engine.conftest import PROJECT, enter
from tests.engine.paper.control_planes import PaperControlPlanes
from tests.engine.paper.kubernetes import PaperHelm, PaperKubernetes

AT_ONCE = 0  # the pace of every operation
_PAUSES = Timing(0.02, 0.02)


class PaperSandbox(Sandbox):
    """Its clusters are gone when it stops."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, pace=AT_ONCE)

    def _make_control_planes(self, cloud: Cloud, proxy_url: str) -> Any:
        return PaperControlPlanes(self.home, cloud)


@contextmanager
def on_paper(home: Path) -> Iterator[Sandbox]:
    """A running paper sandbox. Within the block its variables are this process's, and the stand-in's helm is on paper.

    Args:
        home: its folder.
    """
    with PaperSandbox(home) as running, pytest.MonkeyPatch.context() as patch:
        enter(running, patch)
        patch.setattr(helm, "Helm", PaperHelm)
        patch.setattr(PaperHelm, "planes", running.control_planes, raising=False)
        yield running


def stacks_on_paper(sandbox: Sandbox, charts: Callable[[str], Path]) -> Callable[..., SandboxStack]:
    """What makes stacks of our program on a paper sandbox: by name, with the options of `SandboxStack`."""

    def make(name: str, **options: Any) -> SandboxStack:
        config = {
            "exoscale-sks:kubeconfig": {"file": str(sandbox.home / f"{name}.kubeconfig")},
            "exoscale-sks:demo": False,  # no pod of it would get ready on paper
            "exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))},
            **options.pop("config", {}),
        }
        stand_ins = [ExoscaleProvider(_PAUSES), PaperKubernetes()]
        return SandboxStack(sandbox.home, PROJECT, name, sandbox.environment(), config, stand_ins=stand_ins, **options)

    return make
