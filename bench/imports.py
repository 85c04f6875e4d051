"""How long a program's imports take, and whose they are."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

_LINE = re.compile(r"import time:\s*(\d+) \|\s*\d+ \|\s*([\w.]+)$")


def seconds_by_package(program: Path) -> dict[str, float]:
    """Seconds of a program's imports by top-level package; what a package imports of others counts as theirs."""
    code = imports_of(program.read_text())
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        cwd=program.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return by_package(answer.stderr)


def imports_of(program: str) -> str:
    """The program's imports, and nothing else of it."""
    body = ast.parse(program).body
    return "\n".join(ast.unparse(one) for one in body if isinstance(one, ast.Import | ast.ImportFrom))


def by_package(printed: str) -> dict[str, float]:
    """What Python printed with `-X importtime`, as seconds by top-level package."""
    found: defaultdict[str, float] = defaultdict(float)
    for line in printed.splitlines():
        if match := _LINE.match(line):
            microseconds, module = match.groups()
            found[module.partition(".")[0]] += int(microseconds) / 1e6
    return found
