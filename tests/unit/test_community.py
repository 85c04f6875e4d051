"""What strangers are told to do can be done: the commands, files and forms that we name exist."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
GITHUB = PROJECT / ".github"
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
TEXTS = (
    *(PROJECT / "README.md", PROJECT / "docs/commands.md", PROJECT / "docs/destroy.md", PROJECT / "CONTRIBUTING.md"),
    PROJECT / "SECURITY.md",
    GITHUB / "pull_request_template.md",
    *FORMS,
)
FIELDS = ("input", "textarea", "dropdown", "checkboxes")
TARGETS = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))


def form(name: str) -> dict[str, Any]:
    """An issue form; its fields by their id."""
    read = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / name).read_text())
    fields = [field for field in read["body"] if field["type"] != "markdown"]
    return {**read, "fields": {field["id"]: field for field in fields}, "count": len(fields)}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_make_command_in_it_exists(text: Path) -> None:
    assert set(re.findall(r"(?:`|^)make ([a-z]+)\b", text.read_text(), re.MULTILINE)) <= TARGETS


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_document_in_it_exists(text: Path) -> None:
    named = re.findall(r"(?:docs|tools)/[\w/.-]+\.md|\b[A-Z]+\.md|\brenovate\.json", text.read_text())

    assert not [name for name in named if not (PROJECT / name).is_file()]


def test_contributing_names_every_folder() -> None:
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    folders = {name.partition("/")[0] for name in listed.split("\0") if "/" in name and not name.startswith(".")}
    text = (PROJECT / "CONTRIBUTING.md").read_text()

    assert folders
    assert not [folder for folder in folders if f"`{folder}/`" not in text]


@pytest.mark.parametrize("name", [file.name for file in FORMS if file.name != "config.yml"])
def test_a_form_is_one_that_github_shows(name: str) -> None:
    read = form(name)

    assert read["name"]
    assert read["description"]
    assert len(read["fields"]) == read["count"]
    assert {field["type"] for field in read["fields"].values()} <= set(FIELDS)
    assert all(field["attributes"]["label"] for field in read["fields"].values())
    assert any(field.get("validations", {}).get("required") for field in read["fields"].values())


def test_a_bug_comes_with_what_the_cloud_holds_and_without_secrets() -> None:
    fields = form("bug.yml")["fields"]

    assert fields["audit"]["validations"]["required"]
    assert "receipt" in fields
    assert fields["secrets"]["attributes"]["options"][0]["required"]
