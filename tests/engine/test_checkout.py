"""What the README's commands leave in a fresh clone."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.backend import Backend
from sandbox.environment import entered
from tools import path_of

CHECKOUT = Path(__file__).parents[2]
SHARED = ("dev", "local", "sandbox")
README = (CHECKOUT / "README.md").read_text()
# `cp … && pulumi stack init …`, on one line or two; what follows needs an account.
INITS = re.findall(r"cp (Pulumi\.\w+\.yaml) (Pulumi\.(\w+)\.yaml)(?: && |\n)pulumi stack init (\w+)", README)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with what git tracks of settings."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in (".gitignore", "Pulumi.yaml", *(f"Pulumi.{stack}.yaml" for stack in SHARED)):
        shutil.copy(CHECKOUT / name, folder)
    for command in (["init", "--quiet"], ["add", "."]):
        git(folder, *command)
    git(folder, "-c", "user.name=a", "-c", "user.email=a@a", "commit", "--quiet", "--message", "all")
    return folder


def git(folder: Path, *arguments: str) -> list[str]:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_the_settings_to_start_from_are_tracked_and_nobodys_own(clone: Path) -> None:
    assert git(clone, "ls-files", "Pulumi.*.yaml") == [f"Pulumi.{stack}.yaml" for stack in SHARED]


@pytest.mark.engine
def test_the_readmes_stacks_leave_git_status_clean(clone: Path) -> None:
    backend = Backend(clone.parent / "home")
    backend.prepare()
    path = f"{path_of('pulumi').parent}{os.pathsep}{os.environ['PATH']}"
    for template, own, name, stack in INITS:
        assert name == stack
        shutil.copy(clone / template, clone / own)
        init = ["pulumi", "stack", "init", stack]
        subprocess.run(init, cwd=clone, env=entered(os.environ, {**backend.variables(), "PATH": path}), check=True)
        assert "encryptionsalt" in (clone / own).read_text()
    assert len(INITS) == README.count("pulumi stack init")
    assert {template for template, *_ in INITS} == {"Pulumi.dev.yaml", "Pulumi.local.yaml"}
    assert git(clone, "status", "--porcelain") == []
