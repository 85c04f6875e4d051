"""A living stack whose settings take it from Exoscale to k3d, which a script stands in for."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.stack import SandboxStack
from sandbox.sandbox import Sandbox
from tests.engine.paper.life import Life, alive

pytestmark = pytest.mark.engine

GOES = "platform exoscale → k3d"


@pytest.fixture
def k3d(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the script writes down what it is told to do. Its cluster is one on paper."""
    told, kubeconfig, script = tmp_path / "told", tmp_path / "kubeconfig", tmp_path / "bin" / "k3d"
    planes: Any = sandbox.control_planes
    planes.create({"id": "local"})
    kubeconfig.write_text(planes.kubeconfig("local", "admin", ["system:masters"], 3600))
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$1 $2" >> "{told}"\n[ "$1" = cluster ] || cat "{kubeconfig}"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    return told


@pytest.fixture
def alive_with(
    sandbox: Sandbox, make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]
) -> Callable[..., Any]:
    return lambda **settings: alive(sandbox, make_stack, charts, {"nodepools": {"default": {"size": 1}}, **settings})


@pytest.mark.slow
def test_a_stack_moves_to_this_machine_with_a_warning_and_leaves_nothing_on_exoscale(
    alive_with: Callable[..., Any], k3d: Path
) -> None:
    life: Life
    with alive_with() as life:
        life.change("platform", "k3d")

        (line,) = life.warned()
        life.up()

        assert line.startswith(f"the cluster is replaced ({GOES}): the addresses of its API and of the ingress change")
        assert life.warned() == []
        assert k3d.read_text().split("\n") == ["cluster create", "kubeconfig get", ""]
        life.destroy()


@pytest.mark.parametrize(
    "protect",
    [
        pytest.param(True, id="protected"),
        pytest.param(False, id="unprotected in the same edit", marks=pytest.mark.slow),
    ],
)
def test_a_protected_stack_is_refused_before_anything_is_made_on_this_machine(
    alive_with: Callable[..., Any], k3d: Path, protect: bool
) -> None:
    life: Life
    with alive_with(protect=True) as life:
        life.change("platform", "k3d")
        life.change("protect", protect)

        line = life.refused()

        assert line.startswith(f"the stack is protected, and {GOES} would replace its cluster")
        assert not k3d.exists()
