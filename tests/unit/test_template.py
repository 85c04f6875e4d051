"""`pulumi new` of this repository asks for what a first stack needs, and leaves the rest as it is."""

import subprocess
from typing import Any

from tests.unit.conftest import PROJECT, PROJECT_FILE

TEMPLATE: dict[str, Any] = PROJECT_FILE["template"]
DECLARED: dict[str, dict[str, Any]] = PROJECT_FILE["config"]
PLACEHOLDERS = tuple(b"${%s}" % name for name in (b"PROJECT", b"DESCRIPTION"))


def test_it_asks_for_declared_settings_and_offers_their_defaults() -> None:
    asked = TEMPLATE["config"]

    assert list(asked) == ["owner", "organization", "zone", "level"]
    assert {key: question.get("default", "") for key, question in asked.items()} == {
        key: DECLARED[key]["default"] for key in asked
    }
    # An answer is a string.
    assert {DECLARED[key]["type"] for key in asked} == {"string"}


def test_it_describes_itself_as_the_project_does() -> None:
    assert TEMPLATE["description"] == PROJECT_FILE["description"]


def test_no_file_holds_a_placeholder_that_pulumi_new_would_replace() -> None:
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    files = [PROJECT / name for name in listed.split("\0") if (PROJECT / name).is_file()]

    assert files
    assert not [file for file in files if any(placeholder in file.read_bytes() for placeholder in PLACEHOLDERS)]
