"""A folder of stand-ins for the commands that the workflows call."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.unit.workflows import gh
from tests.unit.workflows.harness import PROJECT, Runner

REPOSITORY = "acme/clusters"
COMMIT = "c0ffee" * 6 + "c0ff"


@dataclass
class GitHub:
    """What GitHub holds, and the machine on which it runs comment.yml."""

    folder: Path
    path: Path
    pulls: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)

    def opened(self, number: int, label: str, commit: str = COMMIT) -> None:
        """Somebody opens a pull request.

        Args:
            label: the branch as `owner:branch`.
        """
        self.pulls.append({"number": number, "label": label, "state": "open", "head": {"sha": commit}})

    def previewed(self, files: Mapping[str, str] | Path | None, workflow: str = "preview", commit: str = COMMIT) -> int:
        """A run ends; returns its id.

        Args:
            files: what it uploaded; None for nothing.
        """
        number = len(self.runs) + 1
        folder = self.folder / f"run-{number}"
        if isinstance(files, Path):
            shutil.copytree(files, folder, symlinks=True)
        elif files is not None:
            folder.mkdir()
            for name, text in {"stacks": "", **files}.items():
                (folder / name).write_text(text)
        kept = None if files is None else str(folder)
        run = {"databaseId": number, "workflowName": workflow, "headSha": commit, "files": kept}
        self.runs.insert(0, run)  # `gh` lists the newest first
        return number

    def comment(self, label: str = "stranger:fix", commit: str = COMMIT, conclusion: str = "success") -> bool:
        """The newest run's end starts comment.yml; whether it succeeded."""
        owner, branch = label.split(":")
        run = {
            "event": "pull_request",
            "conclusion": conclusion,
            "head_repository": {"owner": {"login": owner}, "full_name": f"{owner}/clusters"},
            "head_branch": branch,
            "head_sha": commit,
            "html_url": f"https://github.com/{REPOSITORY}/actions/runs/{len(self.runs)}",
        }
        github = {"repository": REPOSITORY, "token": "t0ken", "event": {"workflow_run": run}}
        store = self.folder / "store.json"
        held = ("pulls", "runs", "comments", "calls")
        store.write_text(json.dumps({name: getattr(self, name) for name in held}))
        temp = self.folder / f"machine-{len(self.calls)}"
        machine = Runner("comment", {"github": github}, PROJECT, temp, self.path, {"GH_STORE": str(store)})
        succeeded = machine.run()
        for name, value in json.loads(store.read_text()).items():
            setattr(self, name, value)
        return succeeded

    @property
    def written(self) -> list[list[str]]:
        """The calls that change something."""
        return [call for call in self.calls if {"PATCH", "POST", "DELETE", "PUT"} & {*call}]


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a command of this name and returns the folder that it is in."""

    def write(name: str, script: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
        return folder

    return write


@pytest.fixture
def github(tmp_path: Path, stand_in: Callable[[str, str], Path]) -> GitHub:
    """GitHub without a pull request."""
    if shutil.which("jq") is None:
        pytest.skip("jq stands in for `gh --jq`, and is not installed")
    stand_in("gh", f'#!/bin/sh\nexec {sys.executable} {gh.__file__} "$@"\n')
    # The workflow installs its one package; here it is.
    path = stand_in("python", f'#!/bin/sh\n[ "$2" = pip ] || exec {sys.executable} "$@"\n')
    return GitHub(tmp_path, path)
