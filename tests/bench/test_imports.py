"""Whose imports a program's start consists of."""

from pathlib import Path

from bench.imports import by_package, imports_of, seconds_by_package

PRINTED = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |     lib.part
import time:      2000 |       2100 |   lib
a warning of somebody's
import time:       300 |       2400 | ours
"""


def test_a_package_is_charged_with_its_own_modules_and_not_with_what_they_import() -> None:
    assert by_package(PRINTED) == {"lib": 0.0021, "ours": 0.0003}


def test_only_the_imports_of_a_program_are_run() -> None:
    program = '"""Text."""\nimport json\nfrom os import path  # noqa\nraise SystemExit\n'
    assert imports_of(program) == "import json\nfrom os import path"


def test_a_program_finds_the_modules_beside_it(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import beside\n")
    (tmp_path / "beside.py").write_text("")
    assert "beside" in seconds_by_package(tmp_path / "__main__.py")
