"""A sandbox per test module, and what the tests ask of it."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.charts import stand_in
from runner.stack import SandboxStack
from sandbox.client import connect
from sandbox.clock import FAST
from sandbox.plugins.timing import Timing
from sandbox.sandbox import Sandbox
from tools import path_of

PROJECT = Path(__file__).parents[2]
BILLABLE = ("sks-cluster", "sks-nodepool", "instance-pool", "instance", "load-balancer")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A running sandbox at its default pace; its variables are this process's, as after `eval "$(sandbox env)"`."""
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as running, pytest.MonkeyPatch.context() as patch:
        enter(running, patch)
        yield running


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The chart of our own that stands in for an official one."""
    folder = tmp_path_factory.mktemp("charts")
    return lambda name: stand_in(name, folder)


@pytest.fixture(scope="module")
def make_stack(sandbox: Sandbox) -> Callable[..., SandboxStack]:
    """Makes stacks of our program, or of another one, on the module's sandbox."""
    return stacks_on(sandbox)


@pytest.fixture(scope="module")
def plain_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without our settings: no refresh before each run, no configuration."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text("name: classic\nruntime: python\n")
    (folder / "Pulumi.sandbox.yaml").write_text("config: {}\n")
    return folder


@pytest.fixture(scope="module")
def cloud(sandbox: Sandbox) -> Callable[[], dict[str, int]]:
    """Counts what the cloud holds that costs money, asked of the cloud's own API, not of any state."""

    def count() -> dict[str, int]:
        client = connect(sandbox.url, sandbox.key, sandbox.secret, "ch-gva-2", poll_seconds=0.05)
        clusters = client.list_sks_clusters()["sks-clusters"]
        held = {
            "sks-cluster": len(clusters),
            "sks-nodepool": sum(len(cluster.get("nodepools", [])) for cluster in clusters),
            "instance-pool": len(client.list_instance_pools()["instance-pools"]),
            "instance": len(client.list_instances()["instances"]),
            "load-balancer": len(client.list_load_balancers()["load-balancers"]),
        }
        return {kind: number for kind, number in held.items() if number}

    return count


def enter(sandbox: Sandbox, patch: pytest.MonkeyPatch) -> None:
    """Makes its variables this process's, as `eval "$(sandbox env)"` does."""
    for name, value in sandbox.environment().items():
        patch.setenv(name, value)


def stacks_on(sandbox: Sandbox) -> Callable[..., SandboxStack]:
    """What makes stacks on a sandbox: by name, with the options of `SandboxStack`."""

    def make(name: str = "sandbox", **options: Any) -> SandboxStack:
        project = options.pop("project", PROJECT)
        if project == PROJECT:  # the checkout's .kube belongs to its user
            file = sandbox.home / f"{name}.kubeconfig"
            own = {"exoscale-sks:kubeconfig": {"file": str(file)}, "exoscale-sks:demo": False}
            options["config"] = {**own, **options.get("config", {})}
        environment = {**sandbox.environment(), **options.pop("variables", {})}
        return SandboxStack(sandbox.home, project, name, environment, timing=Timing.of(FAST), **options)

    return make


class Kubectl:
    """The real kubectl, with a kubeconfig's content."""

    def __init__(self, kubeconfig: str, folder: Path) -> None:
        self._file = folder / "kubeconfig"
        self._file.touch(mode=0o600)
        self._file.write_text(kubeconfig)

    @property
    def file(self) -> Path:
        return self._file

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        answer = subprocess.run(
            [path_of("kubectl"), f"--kubeconfig={self._file}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "-o", "json"))


@pytest.fixture
def kubectl(tmp_path: Path) -> Callable[[str], Kubectl]:
    return lambda kubeconfig: Kubectl(kubeconfig, tmp_path)
