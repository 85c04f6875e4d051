"""A build says how far it is and how long the rest takes, from what it measured; a failure ends with the reason."""

import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import build
from tools.install import tool_of


@pytest.fixture
def go(nothing_on_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go that runs a shell script; 6 s pass each time somebody looks at the clock."""
    clock = itertools.count(step=6)
    monkeypatch.setattr(build, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    return nothing_on_path / "go"


def script(go: Path, listed: list[str], built: list[str], status: int = 0) -> None:
    """What `go list` and `go build` print, and how the build ends."""
    for verb, lines in (("list", listed), ("build", built)):
        go.with_name(verb).write_text("".join(f"{line}\n" for line in lines))
    ends = f'[ "$1" = list ] || exit {status}'
    go.write_text(f'#!/bin/sh\nwhile read -r line; do echo "$line"; done < "{go.parent}/$1"\n{ends}\n')
    go.chmod(0o755)


def building(tmp_path: Path) -> list[str]:
    said: list[str] = []
    build.build(tool_of("actionlint"), tmp_path, said.append)
    return said


def test_a_build_says_how_many_of_its_packages_are_done_and_how_long_the_rest_takes(go: Path, tmp_path: Path) -> None:
    packages = [f"example.org/{number}" for number in range(100)]
    script(go, packages, ["go: downloading example.org v1", *packages])
    first, second, *others = building(tmp_path)
    assert first == "building: 2 of 100 packages, 12 s, about 10 min left"
    assert second == "building: 4 of 100 packages, 24 s, about 10 min left"
    assert "building: 80 of 100 packages, 480 s, about 2 min left" in others
    assert "building: 90 of 100 packages, 540 s, about 60 s left" in others
    assert others[-2:] == ["building: 100 of 100 packages, 600 s, linking", "built from source in 618 s"]


def test_packages_that_go_has_compiled_before_do_not_count(go: Path, tmp_path: Path) -> None:
    script(go, ["example.org/1", "example.org/2"], ["compiled.before/all", "example.org/1", "example.org/2"])
    assert building(tmp_path)[0] == "building: 2 of 2 packages, 12 s, linking"


def test_the_download_of_sources_is_told_apart_from_the_build(go: Path, tmp_path: Path) -> None:
    script(go, [*(f"go: downloading example.org/{number} v1" for number in range(4)), "example.org/1"], [])
    assert building(tmp_path)[:2] == [
        "downloading sources: 2 modules, 12 s",
        "downloading sources: 4 modules, 24 s",
    ]


def test_a_build_that_fails_ends_with_what_the_compiler_said(go: Path, tmp_path: Path) -> None:
    script(go, ["example.org/1"], ["example.org/1", "no space left on device"], status=1)
    with pytest.raises(build.BuildFailed, match=r"building actionlint v\S+ failed:\n[^$]*no space left on device"):
        building(tmp_path)
