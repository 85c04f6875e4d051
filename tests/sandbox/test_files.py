"""What we write is there whole, or is what it was."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import ports
from sandbox.files import write_private


@pytest.mark.parametrize(("of", "step"), [(os, "fdopen"), (os, "fsync"), (Path, "replace")])
def test_a_full_disk_leaves_the_file_as_it_was_and_no_draft(
    of: object, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = tmp_path / "state.json"
    write_private(file, "before")
    with monkeypatch.context() as patch:
        patch.setattr(of, step, full)
        with pytest.raises(OSError, match="No space left"):
            write_private(file, "after")
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"state.json": "before"}
    write_private(file, "after")
    assert file.read_text() == "after"


def test_a_draft_of_a_killed_writer_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / ".state.json.draft").write_text("ha")
    write_private(tmp_path / "state.json", "whole")
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"state.json": "whole"}
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


@given(st.text(max_size=30) | st.just('{"api": 1e999, "proxy": -1}') | st.just('{"api": 99999999}'))
def test_broken_notes_of_the_ports_are_written_anew(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("home") / "ports.json"
    file.write_text(text)
    chosen = ports.kept(file, ("api", "proxy"))
    assert ports.kept(file, ("api", "proxy")) == chosen
