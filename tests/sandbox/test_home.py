"""Which folder is the sandbox's."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.home import SandboxError, has_space, home_of
from sandbox.sandbox import Sandbox


def test_a_checkout_keeps_its_sandbox_inside() -> None:
    assert home_of(Path("/srv/checkout")) == Path("/srv/checkout/.sandbox")


@given(before=st.text("ab"), space=st.sampled_from(" \t"), after=st.text("ab", min_size=1))
def test_a_checkout_in_a_path_with_a_space_has_a_sandbox_of_its_own_in_a_path_without(
    before: str, space: str, after: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", "/cache")
        home = home_of(Path(f"/srv/x{before}{space}{after}"))
        assert home == home_of(Path(f"/srv/x{before}{space}{after}"))
        assert home != home_of(Path(f"/srv/x{before}{space}{after}c"))
    assert home.is_relative_to("/cache")
    assert not has_space(home)


def test_a_folder_with_a_space_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="kwokctl takes no space: name another in SANDBOX_HOME"):
        Sandbox(tmp_path / "a b").start()
    assert not (tmp_path / "a b").exists()
