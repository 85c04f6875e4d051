"""The table of what is in the way of a destroy: a user finds each row by a text that somebody really prints."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEAKING = ("components", "configuration", "sandbox")
GAP = "…"  # for what differs from case to case, in the table and in our own texts alike


def rows() -> list[str]:
    """The texts in the table's first column, but the last row's, which is for those who have none."""
    table = (ROOT / "docs/destroy.md").read_text().partition("| you see | do |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [text for cell in cells for text in re.findall(r"`([^`]+)`", cell) if text not in ("up", "destroy")]


def said_by_us() -> Iterator[str]:
    """Every text in the code of the program and of the sandbox, which says what Exoscale and the plugins say."""
    for part in SPEAKING:
        path = ROOT / part
        for file in [path] if path.is_file() else path.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.JoinedStr):
                    yield "".join(str(one.value) if isinstance(one, ast.Constant) else GAP for one in node.values)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def said_by_others() -> list[str]:
    """The texts that docs/plugins.md has of Helm, Kubernetes and the engine, which no code of ours repeats."""
    section = (
        (ROOT / "docs/plugins.md")
        .read_text()
        .partition("## Texts of Helm, Kubernetes and the engine")[2]
        .partition("\n## ")[0]
    )
    return [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", section)]


@pytest.fixture(scope="module")
def said() -> list[str]:
    return [*said_by_us(), *said_by_others()]


def test_the_table_is_found() -> None:
    assert len(rows()) > 15


@pytest.mark.parametrize("text", rows())
def test_a_row_is_found_by_what_is_really_printed(said: list[str], text: str) -> None:
    pieces = [re.escape(piece.strip(": ")) for piece in text.split(GAP) if piece.strip(": ")]
    pattern = re.compile(".*".join(pieces), re.DOTALL)
    assert any(pattern.search(one) for one in said), f"nobody says {text!r}"


def test_a_text_that_nobody_says_would_be_seen(said: list[str]) -> None:
    assert not any("the moon is in the way" in one for one in said)
