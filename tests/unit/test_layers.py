"""No import runs upwards: what each package may import of this repository, read from the source."""

import ast
import subprocess
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PROGRAM = "the program"  # the modules of the top level, `__main__.py` first
LIBRARY = {"components", "components.teardown"}
# From the bottom to the top: each may import itself and what it names here, which is above it in this list.
LAYERS = {
    "tools": set(),
    "components.teardown": set(),
    "components.comment": {"components.teardown"},
    "components": {"components.teardown"},
    "configuration": LIBRARY,
    PROGRAM: {*LIBRARY, "configuration"},
    "sandbox": {"tools"},
    "runner": {*LIBRARY, "configuration", "sandbox", "tools"},
}
WITHOUT_PULUMI = ("tools", "components.teardown", "components.comment")  # plain Python
ON_TOP = ("tests", "bench", "examples")  # nothing of ours imports them


def _modules() -> dict[str, Path]:
    """Every tracked module by its name, as the root of the repository is on the path."""
    listed = subprocess.run(("git", "ls-files", "-z", "*.py"), cwd=PROJECT, check=True, capture_output=True, text=True)
    files = (Path(name) for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file())
    return {".".join(file.with_suffix("").parts).removesuffix(".__init__"): PROJECT / file for file in files}


MODULES = _modules()
OURS = {name.partition(".")[0] for name in MODULES}


def _layer(module: str) -> str:
    """The innermost layer that the module is in; its own name where it is in none."""
    if (PROJECT / f"{module.partition('.')[0]}.py").is_file():
        return PROGRAM
    around = (layer for layer in (*LAYERS, *ON_TOP) if f"{module}.".startswith(f"{layer}."))
    return max(around, key=len, default=module)


def _imports(source: str, package: str) -> Iterator[str]:
    """The modules that a source imports, inside functions too; of `from a import b` it is `a.b`.

    Args:
        package: that the source is in, which a relative import starts from.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def _imported_by(layer: str) -> Iterator[tuple[str, str]]:
    """Each import of a layer, and the module that has it."""
    for module, file in MODULES.items():
        if _layer(module) == layer:
            package = module if file.name == "__init__.py" else module.rpartition(".")[0]
            yield from ((module, imported) for imported in _imports(file.read_text(), package))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_package_imports_what_is_below_it_and_nothing_else_of_ours(layer: str) -> None:
    imported = [*_imported_by(layer)]
    assert imported
    ours = [(module, name) for module, name in imported if name.partition(".")[0] in OURS]
    assert not [one for one in ours if _layer(one[1]) not in {layer, *LAYERS[layer]}]


@pytest.mark.parametrize("layer", WITHOUT_PULUMI)
def test_the_teardown_and_the_tools_do_without_pulumis_sdk(layer: str) -> None:
    assert not [one for one in _imported_by(layer) if one[1].startswith("pulumi")]


def test_every_module_is_in_a_layer() -> None:
    assert {_layer(module) for module in MODULES} == {*LAYERS, *ON_TOP}


def test_the_rule_has_no_cycle() -> None:
    below: set[str] = set()
    for layer, allowed in LAYERS.items():
        assert allowed <= below
        below.add(layer)


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        ("import runner.stack as stack", ["runner.stack"]),
        ("def late():\n    from components.teardown import wait", ["components.teardown.wait"]),
        ("from ..teardown import changes, wait", ["components.teardown.changes", "components.teardown.wait"]),
        ("if TYPE_CHECKING:\n    from . import server", ["components.provider.server"]),
    ],
)
def test_an_import_is_found_however_it_is_written(source: str, imported: list[str]) -> None:
    assert [*_imports(source, "components.provider")] == imported
