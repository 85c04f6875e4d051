"""A tool is on the machine completely and verified, or not at all."""

import hashlib
import http.server
import io
import os
import shutil
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from tools import build, download
from tools.install import Unavailable, install, is_installed, path_of, tool_of
from tools.later import install_later, log_of
from tools.pins import HERE, TOOLS, Tool

PIN = tool_of("helm").version


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the loopback address that serves it."""
    folder = tmp_path / "publisher"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def published(url: str) -> Tool:
    return replace(tool_of("helm"), archive=url + "/helm-{v}.tar.gz", checksums=url + "/sums")


def publish(folder: Path, tool: Tool, content: bytes = b"#!/bin/sh\n", checksum: str | None = None) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("linux-amd64/helm")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    name = f"helm-{tool.version}.tar.gz"
    (folder / name).write_bytes(buffer.getvalue())
    (folder / "sums").write_text(f"{checksum or hashlib.sha256(buffer.getvalue()).hexdigest()}  {name}\n")


@pytest.mark.usefixtures("nothing_on_path")
def test_a_published_tool_is_downloaded_and_executable(publisher: tuple[Path, str]) -> None:
    tool = published(publisher[1])
    publish(publisher[0], tool)
    install(tool, lambda line: None)
    assert os.access(path_of("helm"), os.X_OK)


@pytest.mark.usefixtures("nothing_on_path")
def test_a_download_that_does_not_match_its_checksum_is_never_installed(publisher: tuple[Path, str]) -> None:
    tool = published(publisher[1])
    publish(publisher[0], tool, checksum="0" * 64)
    with pytest.raises(download.ChecksumMismatch, match="does not match its published checksum"):
        install(tool, lambda line: None)
    with pytest.raises(Unavailable, match="make tools"):
        path_of("helm")


@pytest.mark.usefixtures("nothing_on_path")
def test_without_publisher_and_without_go_the_error_says_what_to_install() -> None:
    with pytest.raises(Unavailable, match=r"install Go 1\.26"):
        install(published("http://127.0.0.1:1"), lambda line: None)


def test_an_unreachable_publisher_means_building_from_source(built: list[str]) -> None:
    install(published("http://127.0.0.1:1"), lambda line: None)
    assert built == ["helm"]


def answering(answer: str) -> Tool:
    """Helm, whose binary on PATH is a shell that takes the answer's command for its arguments."""
    return replace(tool_of("helm"), archive="", version_args=("-c", f"echo {answer}"))


@pytest.fixture
def on_path(nothing_on_path: Path) -> Path:
    """A helm on PATH: any program will do that says what it is told to."""
    shell = shutil.which("sh", path=os.defpath)
    assert shell
    return Path(shutil.copy(shell, nothing_on_path / "helm"))


@pytest.mark.parametrize(
    ("answer", "used"),
    [(PIN, True), (PIN[1:], True), ("v3.1.0", False), (f"{PIN}-rc.1", False), (f"{PIN}1", False)],
)
@pytest.mark.usefixtures("on_path")
def test_a_binary_on_path_is_used_only_with_exactly_the_pinned_version(
    built: list[str], answer: str, used: bool
) -> None:
    install(answering(answer), lambda line: None)
    assert built == ([] if used else ["helm"])


def test_a_binary_from_path_is_a_copy_that_its_owners_upgrade_does_not_change(on_path: Path) -> None:
    before = on_path.read_bytes()
    install(answering(PIN), lambda line: None)
    on_path.write_text("upgraded")
    assert path_of("helm").read_bytes() == before
    on_path.unlink()
    assert os.access(path_of("helm"), os.X_OK)


def test_a_script_on_path_is_not_used_as_it_may_run_another_program_tomorrow(
    nothing_on_path: Path, built: list[str]
) -> None:
    (nothing_on_path / "helm").write_text(f"#!/bin/sh\necho {PIN}\n")
    (nothing_on_path / "helm").chmod(0o755)
    install(replace(tool_of("helm"), archive=""), lambda line: None)
    assert built == ["helm"]


def test_a_damaged_binary_is_not_its_own_source_where_the_cache_is_on_path(
    on_path: Path, nothing_on_path: Path, monkeypatch: pytest.MonkeyPatch, built: list[str]
) -> None:
    tool = answering(PIN)
    install(tool, lambda line: None)
    installed = path_of("helm")
    on_path.unlink()
    monkeypatch.setenv("PATH", f"{installed.parent}{os.pathsep}{nothing_on_path}")
    with installed.open("ab") as file:
        file.write(b"appended: runs as before")
    install(tool, lambda line: None)
    assert built == ["helm"]


def test_a_failed_build_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> None:
    def broken(tool: Tool, into: Path, say: object) -> None:
        (into / "helm").write_text("half a binary")
        raise build.BuildFailed("no space left")

    monkeypatch.setattr(build, "build", broken)
    monkeypatch.setattr("tools.install._from_path", lambda tool, into: False)
    with pytest.raises(build.BuildFailed):
        install(published("http://127.0.0.1:1"), lambda line: None)
    assert [path for path in (empty_cache / "tools").iterdir() if path.is_dir()] == []


def test_who_waits_for_another_command_to_install_a_tool_is_told(built: list[str], empty_cache: Path) -> None:
    tool = replace(tool_of("helm"), archive="")
    held = FileLock(empty_cache / "tools" / f".helm-{tool.version}.lock")
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        held.release()

    (empty_cache / "tools").mkdir(parents=True)
    held.acquire()
    install(tool, say)
    assert said == ["waiting for another command that is installing it"]
    assert built == ["helm"]


def test_what_is_installed_later_is_there_when_its_process_has_ended(nothing_on_path: Path) -> None:
    tool = tool_of("metrics-server")
    (nothing_on_path / "go").write_text("""#!/bin/sh
[ "$1" = build ] || exit 0
while [ "$1" != -o ]; do shift; done
echo "compiled in $PWD" > "$2"
""")
    (nothing_on_path / "go").chmod(0o755)
    assert not is_installed(tool)
    assert install_later(tool).wait(timeout=60) == 0
    assert path_of("metrics-server").read_text() == f"compiled in {HERE / tool.name}\n"
    assert log_of(tool).read_text().startswith(f"[1/1] metrics-server {tool.version}: built from source in ")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_pin_is_read_from_its_own_module(tool: Tool) -> None:
    assert tool.version.startswith("v")
    assert tool.binaries


def test_the_python_sdk_has_the_engines_version() -> None:
    requirements = (Path(__file__).parents[2] / "requirements.txt").read_text()
    assert f"pulumi=={tool_of('pulumi').version[1:]} " in requirements
