"""docs/changes.md is what the engine's previews say today."""

from pathlib import Path

import pytest

from tests.engine.paper.changes import COMMAND, PAGE, page

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_table_of_changes_is_what_the_engine_previews(tmp_path: Path) -> None:
    assert PAGE.read_text() == page(tmp_path), f"run `{COMMAND}`"
