"""The examples under mocks; `tests/engine/examples` brings up those that need no Docker."""

import runpy
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from tests.unit.conftest import PROJECT, configure, execute

EXPECTED = {
    "minimal": {"SksCluster", "SksNodepool", "Nlb", "Release"},
    "own-ingress": {"SksCluster", "SksNodepool", "Nlb", "Release"},
    "two-pools": {"SksCluster", "SksNodepool", "Nlb", "Release"},
    "own-components": {"SksCluster", "SksNodepool"},
    "k3d": {"Command", "Release"},
}


@pytest.fixture
def installed() -> Iterator[None]:
    """The library under the name that it has where it is installed."""
    source = PROJECT / "components"
    spec = spec_from_file_location("exoscale_sks", source / "__init__.py", submodule_search_locations=[str(source)])
    assert spec
    assert spec.loader
    sys.modules["exoscale_sks"] = made = module_from_spec(spec)
    spec.loader.exec_module(made)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "exoscale_sks"]:
        del sys.modules[name]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("example", EXPECTED)
def test_an_example_registers_what_it_shows(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = str(PROJECT / "examples" / example / "__main__.py")
    world = execute(lambda: runpy.run_path(program, run_name="__main__"), configure({}))

    assert EXPECTED[example] <= {item.type.rpartition(":")[2] for item in world.registrations.values()}


def test_no_example_is_left_out() -> None:
    assert {folder.name for folder in (PROJECT / "examples").iterdir() if folder.is_dir()} == EXPECTED.keys()
