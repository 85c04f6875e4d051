"""The library from its wheel, in projects outside this checkout, on the real engine and the whole sandbox."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.plugins.command import CommandProvider
from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.kubernetes import KubernetesProvider
from sandbox.plugins.timing import Timing
from sandbox.sandbox import Sandbox
from tests.engine.examples.project import CHECKOUT, Project, surroundings
from tests.engine.faults.account import Account, names

pytestmark = pytest.mark.engine

MINIMAL = CHECKOUT / "examples" / "minimal"


@pytest.fixture
def variables(sandbox: Sandbox, tmp_path: Path) -> Iterator[dict[str, str]]:
    stand_ins = [ExoscaleProvider(Timing()), KubernetesProvider(), CommandProvider()]
    with surroundings(sandbox, stand_ins, tmp_path / "project") as found:
        (tmp_path / "project").rmdir()
        yield found


def test_five_lines_give_a_cluster_whose_destroy_leaves_nothing_also_from_another_folder(
    sandbox: Sandbox, variables: dict[str, str], virtualenv: Path, charts: Callable[[str], Path], tmp_path: Path
) -> None:
    account, chart = Account(sandbox), charts("nginx-ingress")
    project = Project(tmp_path / "project", MINIMAL, virtualenv, variables, chart)
    project.pulumi("up")
    assert {"sks-cluster", "instance", "load-balancer"} <= names(account.holds()).keys()
    assert "minimal/dev" in project.command("audit", "dev").stdout

    # All that a colleague's clone has: no kubeconfig, no file that the `up` wrote.
    other = Project(tmp_path / "another clone", MINIMAL, virtualenv, variables, chart)
    said = other.destroy()

    assert names(account.holds()) == {}
    assert "nothing that costs money is left" in said
    shutil.rmtree(project.folder)


def test_the_readme_shows_the_example(wheel: Path) -> None:
    program = (MINIMAL / "__main__.py").read_text().partition("\n\n")[2]
    blocks = re.findall(r"```python\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)

    assert program in blocks
