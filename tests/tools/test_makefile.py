"""What the Makefile makes of what people type, and of the machine it finds."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from sandbox import daemon
from sandbox.clock import FAST
from sandbox.clusters.processes import executable
from sandbox.home import home_of, start_time

CHECKOUT = Path(__file__).parents[2]
# As in a person's shell, also where `make` runs these tests: what it was called with is no business of another one.
SHELL = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


@pytest.fixture
def printing(tmp_path: Path) -> Path:
    """A folder with a Python that prints its arguments, a line for each."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    python.chmod(0o755)
    return python.parent


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "--no-print-directory", f"--makefile={CHECKOUT / 'Makefile'}", *arguments],
        cwd=CHECKOUT,
        env=SHELL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("verb", ["up", "preview", "down", "plan", "rescue"])
@pytest.mark.parametrize("name", ["alice", "feature/foo", "", "a'b c", "$(id)"])
def test_a_stacks_name_reaches_the_command_as_it_was_typed(verb: str, name: str, printing: Path) -> None:
    answer = make(verb, f"STACK={name.replace('$', '$$')}", f"BIN={printing}", "--old-file=up-tools")
    assert answer.stdout.splitlines() == ["-m", "runner", verb, name]


def test_an_audit_without_a_stacks_name_is_of_all(printing: Path) -> None:
    assert make("audit", "STACK=", f"BIN={printing}", "--old-file=up-tools").stdout.splitlines() == [
        "-m",
        "runner",
        "audit",
    ]


@pytest.mark.parametrize(
    ("target", "tools"),
    [
        ("up", ["pulumi helm etcd kubernetes kwok"]),
        ("lint", ["actionlint"]),
        ("engine", [""]),  # which is all of them but k9s
        ("faults", ["", "k9s"]),
        ("k9s", ["pulumi helm etcd kubernetes kwok", "k9s"]),
    ],
)
def test_only_the_tools_that_a_command_needs_are_installed_for_it(target: str, tools: list[str]) -> None:
    commands = make(target, "--dry-run", "--old-file=.venv/installed", "--old-file=.venv/pictures")
    install = ".venv/bin/python -m tools"
    named = [line.removeprefix(install) for line in commands.stdout.splitlines() if line.startswith(install)]
    assert [line.strip() for line in named] == tools


# --- .venv

# Stands in for the network: what it is asked to install is a folder.
FAKE_PYTHON = f"""#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec {sys.executable} "$@"
shift 2
{sys.executable} -m venv --without-pip "$@" && ln -s /bin/true .venv/bin/pip
"""
FAKE_UV = "cd .venv/lib/python*/site-packages && mkdir -p pulumi"


class Clone:
    """A checkout of its own, in a path with a space: the Makefile, and links to the code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "constraints.txt"):
            shutil.copy(CHECKOUT / name, folder)
        for name in ("configuration", "sandbox", "tools"):
            (folder / name).symlink_to(CHECKOUT / name)
        (folder / "python").write_text(FAKE_PYTHON)
        (folder / "python").chmod(0o755)
        (folder / "uv").write_text(FAKE_UV)

    def make(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=self.folder,
            env={**SHELL, "SANDBOX_HOME": "", "XDG_CACHE_HOME": str(self.folder.parent)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def install(self) -> str:
        """What `make` says while it brings a `.venv` about; there is nothing to do for it then."""
        made = self.make(".venv/installed", "PYTHON=./python", "UV=sh uv")
        assert made.returncode == 0, made.stderr
        assert self.make(".venv/installed", "PYTHON=false").stdout == "make: '.venv/installed' is up to date.\n"
        return made.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "a clone")


def lose_python(venv: Path) -> None:
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/usr/bin/python-that-was-upgraded-away")


def get_another_version(venv: Path) -> None:
    [packages] = (venv / "lib").iterdir()
    packages.rename(packages.with_name("python3.0"))


def lose_packages(venv: Path) -> None:
    [packages] = (venv / "lib").glob("*/site-packages")
    shutil.rmtree(packages)


@pytest.mark.parametrize("damage", [lose_python, get_another_version, lose_packages])
def test_a_venv_whose_python_or_packages_are_gone_is_told_and_made_anew(
    clone: Clone, damage: Callable[[Path], None]
) -> None:
    assert clone.install() == "installing Python packages into .venv\n"
    damage(clone.folder / ".venv")
    told, done = clone.install().splitlines()
    assert told == "the Python of .venv or its packages are gone (an upgrade, an interrupted installation)"
    assert done == "installing Python packages into .venv"


def test_a_folder_that_is_no_venv_is_not_cleared(clone: Clone) -> None:
    (clone.folder / ".venv").mkdir()
    (clone.folder / ".venv" / "mine").touch()
    clone.install()
    assert (clone.folder / ".venv" / "mine").exists()


def test_a_python_that_is_too_old_is_named_with_the_cure(clone: Clone) -> None:
    answer = clone.make(".venv/installed", "PYTHON=false")
    assert answer.returncode
    assert answer.stdout.startswith("Python 3.11 or later is needed, and false is none: name one")
    assert not (clone.folder / ".venv").exists()


# --- clean


def test_clean_ends_what_runs_of_this_checkout_and_nothing_else_also_without_the_venvs_python(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.install()
    monkeypatch.setenv("XDG_CACHE_HOME", str(clone.folder.parent))
    home = home_of(clone.folder)
    record = daemon.start(home, FAST, lambda line: None)
    [reaper] = [child.pid for child in psutil.Process(record.pid).children()]
    ours = subprocess.Popen([executable(home / "clusters" / "one", "etcd", Path("/bin/sleep")), "600"])
    others = subprocess.Popen([executable(clone.folder / "elsewhere", "etcd", Path("/bin/sleep")), "600"])
    lose_python(clone.folder / ".venv")
    try:
        cleaned = clone.make("clean", f"PYTHON={sys.executable} -S")  # without a single package
        assert (cleaned.returncode, cleaned.stdout, cleaned.stderr) == (0, "", "")
        assert [start_time(pid) for pid in (record.pid, reaper)] == [None, None]
        assert ours.wait(timeout=10)
        assert others.poll() is None
        assert not home.exists()
    finally:
        for process in (ours, others):
            process.kill()
            process.wait()
        daemon.stop(home)
