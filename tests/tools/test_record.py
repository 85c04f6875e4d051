"""The pinned name runs what was installed under it, or nothing; `make tools` heals the rest and keeps what is good."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.install import Unavailable, install, path_of
from tools.pins import Tool
from tools.record import FILE, Entry


def quiet(line: str) -> None: ...


def fill_as_before_records(cache: Path, tool: Tool) -> Path:
    folder = cache / "tools" / f"{tool.name}-{tool.version}"
    folder.mkdir(parents=True)
    for binary in tool.binaries:
        (folder / binary).write_text("compiled for minutes")
    return folder


def damage(binary: Path, how: str) -> None:
    before = binary.stat()
    if how == "missing":
        binary.unlink()
    elif how == "link":
        binary.unlink()
        binary.symlink_to("/nowhere")
    elif how == "longer":
        binary.write_text(f"{binary.read_text()}, and more")
    else:  # of the same size
        binary.write_bytes(bytes(before.st_size))
        os.utime(binary, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("missing", "is missing"),
        ("link", "is a link to a file that may change"),
        ("longer", "is not the file that was installed"),
        ("as long", "is not the file that was installed"),
    ],
)
def test_a_binary_that_is_not_as_installed_is_refused_and_alone_installed_anew(
    kwok: Tool, built: list[str], how: str, reason: str
) -> None:
    install(kwok, quiet)
    good, bad = path_of("kwok"), path_of("kwokctl")
    kept = good.stat().st_ino
    damage(bad, how)
    with pytest.raises(Unavailable) as refused:
        path_of("kwokctl")
    assert str(refused.value) == f"{bad} {reason}: run `make tools`"
    assert path_of("kwok") == good

    built.clear()
    install(kwok, quiet)
    assert built == ["kwokctl"]
    assert path_of("kwokctl").read_text() == f"kwokctl {kwok.version}"
    assert path_of("kwok").stat().st_ino == kept


def test_an_untouched_binary_is_neither_read_nor_installed_again(
    kwok: Tool, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(kwok, quiet)

    def never(path: Path) -> Entry:
        raise AssertionError(f"{path} was hashed")

    monkeypatch.setattr(Entry, "of", never)
    install(kwok, quiet)
    path_of("kwokctl")
    assert built == ["kwok", "kwokctl"]


def test_a_cache_that_was_restored_with_other_times_is_hashed_once(
    kwok: Tool, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(kwok, quiet)
    os.utime(path_of("kwokctl"), (1, 1))
    path_of("kwokctl")

    install(kwok, quiet)
    monkeypatch.setattr(Entry, "of", None)
    assert path_of("kwokctl").read_text() == f"kwokctl {kwok.version}"
    assert built == ["kwok", "kwokctl"]


def test_the_files_of_a_cache_without_a_record_are_adopted(kwok: Tool, built: list[str], empty_cache: Path) -> None:
    folder = fill_as_before_records(empty_cache, kwok)
    with pytest.raises(Unavailable, match="kwok has no recorded checksum: run `make tools`"):
        path_of("kwok")

    install(kwok, quiet)
    assert built == []
    assert path_of("kwok").read_text() == "compiled for minutes"

    (folder / "kwok").write_text("tampered with after that")
    with pytest.raises(Unavailable, match="is not the file that was installed"):
        path_of("kwok")


@pytest.mark.parametrize("target", ["path/kwokctl", "gone"])
def test_a_link_in_a_cache_without_a_record_is_replaced_by_a_file(
    kwok: Tool, built: list[str], empty_cache: Path, nothing_on_path: Path, tmp_path: Path, target: str
) -> None:
    folder = fill_as_before_records(empty_cache, kwok)
    (nothing_on_path / "kwokctl").write_text("upgraded by its owner")
    (folder / "kwokctl").unlink()
    (folder / "kwokctl").symlink_to(tmp_path / target)
    with pytest.raises(Unavailable, match="kwokctl is a link"):
        path_of("kwokctl")

    install(kwok, quiet)
    assert built == ["kwokctl"]
    assert path_of("kwokctl").read_text() == f"kwokctl {kwok.version}"
    assert path_of("kwok").read_text() == "compiled for minutes"
    assert (nothing_on_path / "kwokctl").read_text() == "upgraded by its owner"


def test_a_damaged_record_vouches_for_nothing(kwok: Tool, built: list[str]) -> None:
    install(kwok, quiet)
    (path_of("kwok").parent / FILE).write_text("{")
    built.clear()
    install(kwok, quiet)
    assert built == ["kwok", "kwokctl"]


def test_a_binary_is_complete_with_its_record_or_absent(
    kwok: Tool, built: list[str], empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(folder: Path, entries: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.record.write", killed)
    with pytest.raises(KeyboardInterrupt):
        install(kwok, quiet)
    assert built == ["kwok", "kwokctl"]
    assert [path for path in (empty_cache / "tools").iterdir() if path.is_dir()] == []


def test_the_command_that_prints_a_path_says_what_is_wrong_in_one_line() -> None:
    command = [sys.executable, "-m", "tools", "--path", "kwok"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 1
    assert (done.stdout, done.stderr) == ("", "kwok is not installed yet: run `make tools`\n")
