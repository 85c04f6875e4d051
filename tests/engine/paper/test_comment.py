"""The comment on a pull request, from what the real engine says about this program."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from components.cli import main
from runner.events import line
from runner.stack import SandboxStack

pytestmark = pytest.mark.engine


def test_a_change_of_a_living_stack_is_told_with_its_costs_and_what_it_takes(
    make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path], tmp_path: Path
) -> None:
    stack = make_stack("dev")
    stack.config |= {
        "exoscale-sks:ingress": {"chart": str(charts("nginx-ingress"))},
        "exoscale-sks:nodepools": {"default": {"size": 1}},
        "exoscale-sks:kubeconfig": {"file": str(tmp_path / "kubeconfig")},
    }

    def comment() -> str:
        file = tmp_path / "dev.jsonl"
        with file.open("w") as events:
            stack.preview(on_event=lambda event: events.write(line(event)))
        ended = CliRunner().invoke(main, ["comment", str(file)], catch_exceptions=False)
        assert ended.exit_code == 0, ended.output
        return ended.output

    stack.up()
    stack.config["exoscale-sks:nodepools"] = {"default": {"size": 2}}
    larger = comment()
    stack.config["exoscale-sks:cni"] = "cilium"
    replaced = comment()

    assert "- 🟡 `dev`: 4 updated, 37 unchanged · 44.42 → 63.50 CHF a month\n" in larger
    assert "\n! update SksNodepool default-nodepool, because of size\n-     size: 1\n+     size: 2\n" in larger
    cluster = (
        "> - `dev`: **the cluster `cluster-cluster` is replaced**: its address changes, users' Services and volumes go"
    )
    assert f"> [!CAUTION]\n{cluster} (policy: `refuse`, " in replaced
    assert (
        '! replace SksCluster cluster-cluster, because of cni\n-     cni: "calico"\n+     cni: "cilium"\n' in replaced
    )
    graph = replaced.partition("```mermaid\n")[2].partition("```")[0]
    assert graph.index('["Drain drain-step"]') < graph.index('["SksCluster cluster-cluster"]')
