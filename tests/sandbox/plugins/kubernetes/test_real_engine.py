"""The plugin under the real engine."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi import automation

from runner.stack import pulumi_command
from runner.workspace import Workspace
from sandbox.plugins.host import PluginHost
from sandbox.plugins.kubernetes import KubernetesProvider
from tests.sandbox.plugins.kubernetes.conftest import RealCluster

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    # Pulumi's SDK leaves its event loops and their sockets open.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass
class Program:
    """Namespace, ConfigMap and Release, with what a test changes."""

    kubeconfig: str
    chart: str
    values: dict[str, object] = field(default_factory=dict)
    data: str = "one"
    timeout: int = 20
    extra: str = ""

    def __call__(self) -> None:
        provider = k8s.Provider("k", kubeconfig=pulumi.Output.secret(self.kubeconfig), cluster_identifier="c1")
        options = pulumi.ResourceOptions(provider=provider)
        namespace = k8s.core.v1.Namespace("engine", opts=options)
        name = namespace.metadata.apply(lambda metadata: metadata.name)
        # Its name is automatic, so its data may change by a replacement.
        k8s.core.v1.ConfigMap("settings", metadata={"namespace": name}, data={"k": self.data}, opts=options)
        release = k8s.helm.v3.Release(
            "tiny", chart=self.chart, namespace=name, values=self.values, timeout=self.timeout, opts=options
        )
        if self.extra:
            k8s.core.v1.ConfigMap("extra", metadata={"name": self.extra}, opts=options)
        pulumi.export("status", release.status.apply(lambda status: status.status))


@pytest.fixture
def stack(cluster: RealCluster, chart: Callable[..., Path], tmp_path: Path) -> Iterator[automation.Stack]:
    program = Program(cluster.kubeconfig, str(chart("tiny")))
    with PluginHost([KubernetesProvider(settle_seconds=0.2)], tmp_path, {"HOME": str(tmp_path)}) as host:
        variables = {
            "PULUMI_BACKEND_URL": f"file://{tmp_path}",
            "PULUMI_HOME": str(tmp_path / "pulumi"),
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_PROVIDERS": host.debug_providers,
        }
        workspace = Workspace(
            tmp_path,
            work_dir=str(tmp_path),
            program=program,
            env_vars=variables,
            pulumi_command=pulumi_command(),
            project_settings=automation.ProjectSettings(name="p", runtime="python"),
        )
        yield workspace.create_or_take("s")  # what a test leaves in the cluster goes with it


def _program(stack: automation.Stack) -> Program:
    program = stack.workspace.program
    assert isinstance(program, Program)
    return program


def _state(folder: Path) -> dict[str, dict[str, Any]]:
    """The resources in the state file, by type."""
    state = json.loads((folder / ".pulumi" / "stacks" / "p" / "s.json").read_text())
    return {resource["type"]: resource for resource in state["checkpoint"]["latest"]["resources"]}


def _changes(result: automation.UpResult | automation.PreviewResult) -> dict[str, int]:
    changes = result.change_summary if isinstance(result, automation.PreviewResult) else result.summary.resource_changes
    return {str(getattr(kind, "value", kind)): count for kind, count in (changes or {}).items()}


def test_a_stack_goes_up_stays_the_same_changes_and_goes_down(stack: automation.Stack, cluster: RealCluster) -> None:
    assert _changes(stack.preview()) == {"create": 5}
    up = stack.up()
    assert _changes(up) == {"create": 5}
    assert up.outputs["status"].value == "deployed"
    assert _changes(stack.up(refresh=True)) == {"same": 5}

    _program(stack).kubeconfig = cluster.kubeconfig + "\n# renewed"
    _program(stack).data = "two"
    _program(stack).values = {"text": "two"}
    expected = {"same": 2, "update": 2, "replace": 1}
    assert _changes(stack.preview()) == expected
    assert _changes(stack.up()) == expected

    down = stack.destroy()
    assert (down.summary.resource_changes or {}) == {"delete": 5}
    names = [item["metadata"]["name"] for item in cluster.get("namespaces")["items"]]
    assert not [name for name in names if name.startswith("engine-")]


def test_a_failed_release_is_healed_by_the_next_up(stack: automation.Stack, tmp_path: Path) -> None:
    _program(stack).values, _program(stack).timeout = {"lb": True}, 2
    with pytest.raises(automation.CommandError, match="failed to become available within allocated timeout"):
        stack.up()
    assert _state(tmp_path)["kubernetes:helm.sh/v3:Release"]["initErrors"]
    _program(stack).values, _program(stack).timeout = {"lb": False}, 20
    assert stack.up().outputs["status"].value == "deployed"


def test_an_invalid_object_fails_the_preview(stack: automation.Stack) -> None:
    _program(stack).extra = "No_Such_Name"
    with pytest.raises(automation.CommandError, match='ConfigMap "No_Such_Name" is invalid'):
        stack.preview()


def test_a_gone_cluster_is_forgotten_by_a_refresh_that_may_forget(
    stack: automation.Stack, tmp_path: Path, nowhere: str
) -> None:
    stack.up()
    _program(stack).kubeconfig = nowhere
    with pytest.raises(automation.CommandError, match="can't delete Helm Release with unreachable cluster"):
        stack.destroy(run_program=True)
    forgetting = {"HOME": str(tmp_path), "PULUMI_K8S_DELETE_UNREACHABLE": "true"}
    with PluginHost([KubernetesProvider()], tmp_path, forgetting) as host:
        variables = dict(stack.workspace.env_vars)
        stack.workspace.env_vars = {**variables, "PULUMI_DEBUG_PROVIDERS": host.debug_providers}
        stack.refresh(run_program=True)
        stack.workspace.env_vars = variables
    assert [*_state(tmp_path)] == ["pulumi:pulumi:Stack", "pulumi:providers:kubernetes"]
