"""Every example comes up and goes again, from the wheel, on the paper sandbox."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.plugins.command import CommandProvider
from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.timing import Timing
from sandbox.sandbox import Sandbox
from tests.engine.examples.project import CHECKOUT, Project, surroundings
from tests.engine.faults.account import Account, names
from tests.engine.paper.kubernetes import PaperKubernetes
from tests.engine.paper.sandbox import on_paper

pytestmark = pytest.mark.engine

EXAMPLES = {"minimal": 1, "own-ingress": 1, "two-pools": 2, "own-components": 2}
"""With the number of nodepools."""


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with on_paper(tmp_path_factory.mktemp("paper")) as running:
        yield running


@pytest.fixture(scope="module")
def variables(paper: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    stand_ins = [ExoscaleProvider(Timing(0.02, 0.02)), PaperKubernetes(), CommandProvider()]
    with surroundings(paper, stand_ins, tmp_path_factory.mktemp("plugins")) as found:
        yield found


@pytest.fixture
def account(paper: Sandbox) -> Iterator[Account]:
    """Whatever a failing test left there is removed."""
    made = Account(paper)
    yield made
    made.remove(made.holds())


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_comes_up_and_a_destroy_leaves_nothing(
    account: Account,
    variables: dict[str, str],
    virtualenv: Path,
    charts: Callable[[str], Path],
    tmp_path: Path,
    example: str,
) -> None:
    folder = CHECKOUT / "examples" / example
    project = Project(tmp_path / "project", folder, virtualenv, variables, charts("nginx-ingress"))
    project.pulumi("up")
    assert len(account.holds()["sks-nodepool"]) == EXAMPLES[example]

    assert "nothing that costs money is left" in project.pulumi("destroy")
    assert names(account.holds()) == {}


def test_every_example_is_what_init_writes_and_is_in_the_list(
    variables: dict[str, str], virtualenv: Path, charts: Callable[[str], Path], tmp_path: Path
) -> None:
    folders = sorted(folder for folder in (CHECKOUT / "examples").iterdir() if folder.is_dir())
    table = (CHECKOUT / "examples" / "README.md").read_text()

    assert {folder.name for folder in folders} == {*EXAMPLES, "k3d"}
    for folder in folders:
        project = Project(tmp_path / folder.name, folder, virtualenv, variables, charts("nginx-ingress"))
        script = project.folder / "plugin" / "pulumi-resource-exoscale-teardown"
        before = (script.read_text(), (project.folder / "Pulumi.yaml").read_text())
        assert project.command("init").returncode == 0
        assert (script.read_text(), (project.folder / "Pulumi.yaml").read_text()) == before
        assert f"| `{folder.name}` |" in table
