"""The examples under mocks; `tests/engine/examples` brings up those that need no Docker."""

import runpy
import sys
from pathlib import Path

import pytest

import components
from tests.unit.conftest import PROJECT, World, configure, execute

EXPECTED = {
    "minimal": {"SksCluster", "SksNodepool", "Nlb", "Release"},
    "own-ingress": {"SksCluster", "SksNodepool", "Nlb", "Release"},
    "two-pools": {"SksCluster", "SksNodepool", "Nlb", "Release"},
    "own-components": {"SksCluster", "SksNodepool"},
    "k3d": {"Command", "Release"},
}


def run(example: str, folder: Path) -> World:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "exoscale_sks", components)  # as which it is installed
        patch.chdir(folder)
        program = str(PROJECT / "examples" / example / "__main__.py")
        try:
            return execute(lambda: runpy.run_path(program, run_name="__main__"), configure({}))
        finally:
            for name in [name for name in sys.modules if name.startswith("exoscale_sks.")]:
                del sys.modules[name]


@pytest.mark.parametrize("example", EXPECTED)
def test_an_example_registers_what_it_shows(example: str, tmp_path: Path) -> None:
    world = run(example, tmp_path)

    assert EXPECTED[example] <= {item.type.rpartition(":")[2] for item in world.registrations.values()}


def test_no_example_is_left_out() -> None:
    assert {folder.name for folder in (PROJECT / "examples").iterdir() if folder.is_dir()} == EXPECTED.keys()
