"""What the name of a stack means, to every command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.home import SandboxError
from sandbox.project import stack_name

NAME = st.text("abcXYZ019.-_", min_size=1, max_size=100).filter(lambda text: text.strip("."))


@given(name=NAME, organization=NAME, project=NAME)
def test_a_qualified_name_is_the_same_stack(name: str, organization: str, project: str) -> None:
    forms = (name, f"{organization}/{name}", f"{organization}/{project}/{name}")
    assert [stack_name(form, project) for form in forms] == [name] * 3


def test_a_stack_of_another_project_is_refused_by_its_name() -> None:
    with pytest.raises(SandboxError, match="stack acme/theirs/dev is of project theirs, this is ours"):
        stack_name("acme/theirs/dev", "ours")


@pytest.mark.parametrize(
    "name", ["", "..", ".", "../x", "a/../b", "a/b/c/d", "a//b", "/a", "a/", "a b", "a\n", "x" * 101]
)
def test_what_is_no_name_of_a_stack_is_refused_and_so_names_no_other_folder(name: str) -> None:
    with pytest.raises(SandboxError, match="allowed: NAME, ORGANIZATION/NAME"):
        stack_name(name, "ours")
