"""The file itself: written in one step, locked as kubectl locks it, never lost."""

import os
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from components import kubeconfig_file
from components.kubeconfig_entries import KubeconfigRefused
from components.kubeconfig_file import forget, save
from components.teardown.cloud.stack_ref import StackRef
from tests.unit.conftest import KUBECONFIG
from tools import path_of

STACK = StackRef("shop", "dev")
THEIRS = """\
apiVersion: v1
kind: Config
clusters: [{name: work, cluster: {server: https://work.test}}]
users: [{name: me, user: {token: precious}}]
contexts: [{name: work, context: {cluster: work, user: me}}]
current-context: work
"""


def names(file: Path) -> set[str]:
    return {one["name"] for one in yaml.safe_load(file.read_text())["users"]}


def kubectl(file: Path, *arguments: str) -> str:
    command = [path_of("kubectl"), f"--kubeconfig={file}", "config", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_whatever_its_mode_was_only_its_owner_reads_it_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(THEIRS)
    file.chmod(0o644)
    save(file, KUBECONFIG, STACK)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_write_leaves_the_old_file_and_neither_draft_nor_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config"
    file.write_text(THEIRS)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KubeconfigRefused, match="cannot be used: No space left on device"):
        save(file, KUBECONFIG, STACK)

    assert file.read_text() == THEIRS
    assert list(tmp_path.iterdir()) == [file]


def test_stacks_that_write_one_file_at_the_same_time_all_end_up_in_it(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config"
    stacks = [StackRef("shop", f"s{number}") for number in range(12)]
    with ThreadPoolExecutor(len(stacks)) as pool:
        list(pool.map(lambda stack: save(file, KUBECONFIG, stack), stacks))

    assert names(file) == {f"shop-{stack.stack}" for stack in stacks}


def test_who_writes_waits_for_who_holds_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, lock = tmp_path / "config", tmp_path / "config.lock"
    lock.touch()
    waits = threading.Event()
    monkeypatch.setattr(kubeconfig_file.time, "sleep", lambda _: waits.set())
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(save, file, KUBECONFIG, STACK)
        assert waits.wait(10)
        assert not file.exists()
        lock.unlink()
        writing.result(10)

    assert names(file) == {"shop-dev"}
    assert not lock.exists()


def test_a_lock_that_nobody_takes_away_is_named_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, lock = tmp_path / "config", tmp_path / "config.lock"
    lock.touch()
    monkeypatch.setattr(kubeconfig_file, "_PATIENCE_SECONDS", 0)

    with pytest.raises(KubeconfigRefused, match=f"is being written by somebody: wait, or delete {lock} if nobody does"):
        save(file, KUBECONFIG, STACK)

    assert lock.exists()
    assert not file.exists()


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "dotfiles" / "config", tmp_path / "config"
    target.parent.mkdir()
    target.write_text(THEIRS)
    link.symlink_to(target)
    save(link, KUBECONFIG, STACK)

    assert link.is_symlink()
    assert names(target) == {"me", "shop-dev"}


def test_a_stack_takes_out_its_own_entries_only_and_the_file_with_the_last_of_them(tmp_path: Path) -> None:
    shared, alone = tmp_path / "shared", tmp_path / "alone"
    shared.write_text(THEIRS)
    for file in (shared, alone):
        save(file, KUBECONFIG, STACK)
        forget(file, STACK)
        forget(file, STACK)

    assert yaml.safe_load(shared.read_text()) == yaml.safe_load(THEIRS)
    assert list(tmp_path.iterdir()) == [shared]


def test_kubectl_finds_both_ways_in_and_keeps_our_mark_when_it_writes(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(THEIRS)
    save(file, KUBECONFIG, STACK)

    assert kubectl(file, "get-contexts", "-o", "name").split() == ["shop-dev", "work"]
    assert kubectl(file, "current-context").strip() == "work"
    kubectl(file, "use-context", "shop-dev")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    save(file, KUBECONFIG.replace("cluster.sks", "another.sks"), STACK)
    server = "jsonpath={.clusters[0].cluster.server}"
    assert kubectl(file, "view", "--minify", "-o", server) == "https://another.sks-ch-gva-2.exo.io:443"
    assert names(file) == {"me", "shop-dev"}
