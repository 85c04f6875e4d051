"""The kubeconfig file."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from components.kubeconfig import write_private
from tests.unit.conftest import KUBECONFIG, PROJECT, Run, plain


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_up_writes_a_file_that_only_its_owner_can_read(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "kube" / "dev.yaml"
    run({"kubeconfig": {"file": str(file)}})

    assert file.read_text() == KUBECONFIG
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("platform", ["exoscale", "k3d"])
def test_a_preview_writes_nothing_and_still_names_the_file(run: Run, tmp_path: Path, platform: str) -> None:
    file = tmp_path / "kube" / "dev.yaml"
    world = run({"kubeconfig": {"file": str(file)}, "platform": platform}, preview=True)

    assert list(tmp_path.iterdir()) == []
    assert plain(world.exports)["kubeconfig_path"] == str(file)


def test_the_path_is_no_secret_though_it_comes_from_one(run: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "dev.yaml")

    assert run({"kubeconfig": {"file": file}}).exports["kubeconfig_path"] == file


def test_a_renewed_kubeconfig_replaces_the_old_one_whatever_its_mode_was(tmp_path: Path) -> None:
    file = tmp_path / "dev.yaml"
    file.write_text("old and much longer than the new one")
    file.chmod(0o644)
    write_private(file, "new")

    assert file.read_text() == "new"
    assert mode(file) == 0o600


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "dev.yaml"
    write_private(file, "old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_private(file, "new")

    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_default_folder_is_ignored_by_git() -> None:
    answer = subprocess.run(["git", "check-ignore", "-q", ".kube/dev.yaml"], cwd=PROJECT, check=False)

    assert answer.returncode == 0


def test_user_groups_and_times_reach_the_cloud(run: Run, tmp_path: Path) -> None:
    chosen = {"user": "jane", "groups": ["devs", "ops"], "ttl-seconds": 3600, "early-renewal-seconds": 300}
    inputs = run({"kubeconfig": {**chosen, "file": str(tmp_path / "dev.yaml")}}).one("SksKubeconfig").inputs

    assert {key: inputs[key] for key in ("user", "groups", "ttlSeconds", "earlyRenewalSeconds")} == {
        "user": "jane",
        "groups": ["devs", "ops"],
        "ttlSeconds": 3600,
        "earlyRenewalSeconds": 300,
    }
