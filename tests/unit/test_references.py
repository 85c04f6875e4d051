"""What comments and documents refer to is in the repository, under the heading that they name."""

import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
NOTES = ("facts", "design")  # working notes that were never committed; their sections were cited with a paragraph sign
OUTSIDE = re.compile(rf"(?:exoscale|plugin)-{NOTES[0]}|\b(?:{'|'.join(NOTES)})\b[^\xa7\n]{{0,80}}\xa7")
REFERENCE = re.compile(r"(docs/[\w/-]+\.md), (.{1,80})")
WRAPPED = re.compile(r"[ \t]*\n[ \t]*(?:#[ \t]*)?(?=\S)")  # where a line of a comment or a docstring goes on
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CODE = (".py", ".toml", ".yaml", ".yml", ".sh", "")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The tracked text files by name, wrapped lines in one."""
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    contents = {name: (PROJECT / name).read_bytes() for name in listed.split("\0") if (PROJECT / name).is_file()}
    return {name: WRAPPED.sub(" ", data.decode()) for name, data in contents.items() if b"\0" not in data}


def test_nothing_refers_to_notes_that_are_not_here(texts: dict[str, str]) -> None:
    assert not [(name, match[0]) for name, text in texts.items() for match in OUTSIDE.finditer(text)]


def test_every_heading_that_code_refers_to_exists(texts: dict[str, str]) -> None:
    references = [
        (name, match[1], match[2])
        for name, text in texts.items()
        if Path(name).suffix in CODE
        for match in REFERENCE.finditer(text)
    ]
    assert references
    assert not [reference for reference in references if not _names_a_heading(*reference[1:])]


def test_every_path_that_the_architecture_names_exists() -> None:
    text = (PROJECT / "docs" / "architecture.md").read_text()
    paths = {path for path in re.findall(r"`([\w.-]+(?:/[\w.-]*)*)`", text) if "/" in path or path.endswith(".py")}

    assert len(paths) > 30
    assert not [path for path in sorted(paths) if not (PROJECT / path).exists()]


def test_every_link_between_documents_leads_somewhere(texts: dict[str, str]) -> None:
    links = [
        (name, target)
        for name in texts
        if name.endswith(".md")
        for target in LINK.findall(COMMENT.sub("", (PROJECT / name).read_text()))
    ]

    assert links
    assert not [link for link in links if not _leads_somewhere(*link)]


def _leads_somewhere(name: str, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (PROJECT / name).parent / path if path else PROJECT / name
    if not file.exists():
        return False
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE) if anchor else []
    return not anchor or anchor in {re.sub(r"[^\w\s-]", "", heading).lower().replace(" ", "-") for heading in headings}


def _names_a_heading(document: str, words: str) -> bool:
    path = PROJECT / document
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE) if path.is_file() else []
    return any(re.match(rf"{re.escape(heading)}(?!\w)", words) for heading in headings)
