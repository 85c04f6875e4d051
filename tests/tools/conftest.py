"""An empty cache for every test, and nothing to install from but what the test provides."""

from dataclasses import replace
from pathlib import Path

import pytest

from tools import build, download
from tools.install import tool_of
from tools.pins import Tool


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXOSCALE_SKS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "_unreachable", set())
    return tmp_path / "cache"


@pytest.fixture
def nothing_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder of PATH."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, nothing_on_path: Path) -> list[str]:
    """A machine with Go whose compiler takes no time: the binaries that it built, in order."""
    names: list[str] = []

    def compile_it(tool: Tool, into: Path, say: object) -> None:
        for binary in tool.binaries:
            names.append(binary)
            (into / binary).write_text(f"{binary} {tool.version}")

    (nothing_on_path / "go").touch(mode=0o755)
    monkeypatch.setattr(build, "build", compile_it)
    return names


@pytest.fixture
def kwok() -> Tool:
    """A tool of two binaries that is always built."""
    return replace(tool_of("kwok"), archive="")
