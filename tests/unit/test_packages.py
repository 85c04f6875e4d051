"""An incomplete `.venv` is told with its cure."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pulumi
import pytest

from configuration import packages

CHECKOUT = Path(__file__).parents[2]


def test_every_package_of_the_requirements_is_looked_for() -> None:
    pinned = set(re.findall(r"^([\w-]+)==", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE)) - {"pulumi"}
    named = {name for module in packages.NEEDED for name in packages_distributions()[module]}
    assert pinned == {name.replace("_", "-") for name in named}


def test_the_program_names_what_an_interrupted_installation_lacks_and_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    packages.check()
    monkeypatch.setattr(packages, "NEEDED", ("yaml", "not_installed_yet"))
    with pytest.raises(pulumi.RunError, match=r"^\.venv lacks not_installed_yet, .*`rm -rf \.venv && pulumi install`"):
        packages.check()


def test_the_program_asks_before_it_imports_what_may_be_missing() -> None:
    imports = re.findall(r"^(?:import|from) (\w+)", (CHECKOUT / "__main__.py").read_text(), re.MULTILINE)
    before = set(imports[: imports.index("configuration")])
    assert before - sys.stdlib_module_names == {"pulumi"}


def test_the_installed_library_holds_every_package_of_the_checkout() -> None:
    listed = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {file.parent.relative_to(CHECKOUT) for file in (CHECKOUT / "components").rglob("*.py")}
    assert {*listed} == {".".join(("exoscale_sks", *folder.parts[1:])) for folder in folders}
