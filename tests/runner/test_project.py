"""What the name of a stack means, to every command."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import runner.stack_commands  # noqa: F401 - adds the commands
from components import cluster_args
from components.node_labels import STACK
from runner import project
from runner.cli import main
from runner.project import new_stack_name, stack_name
from sandbox.home import SandboxError

NAME = st.text("abcXYZ019.-_", min_size=1, max_size=100).filter(lambda text: text.strip("."))


@given(name=NAME, organization=NAME, project=NAME)
def test_a_qualified_name_is_the_same_stack(name: str, organization: str, project: str) -> None:
    forms = (name, f"organization/{name}", f"{organization}/{project}/{name}")
    assert [stack_name(form, project) for form in forms] == [name] * 3


def test_a_stack_of_another_project_is_refused_by_its_name() -> None:
    with pytest.raises(SandboxError, match="stack acme/theirs/dev is of project theirs, this is ours"):
        stack_name("acme/theirs/dev", "ours")


@pytest.mark.parametrize(
    "name", ["", "..", ".", "../x", "feature/foo", "a/../b", "a/b/c/d", "a//b", "/a", "a/", "a b", "a\n", "x" * 101]
)
def test_what_is_no_name_of_a_stack_is_refused_and_so_names_no_other_folder(name: str) -> None:
    with pytest.raises(SandboxError, match="allowed: NAME, organization/NAME"):
        stack_name(name, "ours")


@given(name=NAME)
def test_a_stack_is_made_under_the_names_that_the_program_takes_and_found_under_every_name(name: str) -> None:
    assert stack_name(name, "ours") == name
    if STACK.fits(name):
        assert new_stack_name(name, "ours") == name
    else:
        with pytest.raises(SandboxError, match="the stack's name is "):
            new_stack_name(name, "ours")


def test_the_cluster_takes_the_same_names_of_stacks() -> None:
    assert project.STACK is cluster_args.STACK is STACK


def test_a_branchs_name_is_refused_with_the_stack_name_that_it_could_become() -> None:
    with pytest.raises(SandboxError, match=r'"feature/Login"; .*; such as feature-login$'):
        new_stack_name("feature/Login", "ours")


@pytest.mark.parametrize("verb", ["up", "preview", "down"])
@pytest.mark.parametrize("name", ["feature/foo", "../evil", "Alice", "x" * 64, ""])
def test_a_bad_name_is_refused_in_one_line_before_anything_is_written(verb: str, name: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    said = CliRunner().invoke(main, ["--home", str(home), verb, name])
    assert said.exit_code == 1
    assert said.output.count("\n") == 1
    assert name in said.output
    assert not home.exists()
