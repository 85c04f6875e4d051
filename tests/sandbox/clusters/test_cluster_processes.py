"""Finding and ending processes by their folder, with harmless ones."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from sandbox.clusters.control_planes import KwokControlPlanes
from sandbox.clusters.processes import end_processes, executable, find, kill_process

SHELL = shutil.which("sh")
STUBBORN = "trap '' TERM; echo ready; while :; do read line || :; done"


@contextmanager
def _running(program: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    """A program of the cluster in `tmp_path` that waits."""
    return executable(tmp_path, "cat", Path(str(shutil.which("cat"))))


def test_a_process_is_found_by_the_name_it_was_started_by(tmp_path: Path, cat: Path) -> None:
    with _running(cat) as process:
        assert find(tmp_path) == {process.pid: "cat"}


def test_a_recorded_pid_that_is_somebody_elses_by_now_is_left_alone(tmp_path: Path) -> None:
    with _running(Path(str(shutil.which("cat")))) as stranger:
        (tmp_path / "pids").mkdir()
        (tmp_path / "pids" / "etcd.pid").write_text(str(stranger.pid))
        end_processes(tmp_path)
        assert stranger.poll() is None
        assert not (tmp_path / "pids" / "etcd.pid").exists()


def test_a_cluster_whose_name_begins_alike_is_left_alone(tmp_path: Path) -> None:
    other = executable(tmp_path / "cluster-2", "cat", Path(str(shutil.which("cat"))))
    with _running(other) as neighbour:
        end_processes(tmp_path / "cluster")
        assert neighbour.poll() is None


def test_only_the_named_process_is_killed(tmp_path: Path, cat: Path) -> None:
    other = executable(tmp_path, "other", Path(str(shutil.which("cat"))))
    with _running(cat) as wanted, _running(other) as kept:
        kill_process(tmp_path, "cat")
        assert wanted.wait(5) == -signal.SIGKILL
        assert kept.poll() is None


def test_a_willing_process_ends_by_sigterm(tmp_path: Path, cat: Path) -> None:
    with _running(cat) as process:
        end_processes(tmp_path)
        assert process.wait(5) == -signal.SIGTERM


def test_a_stubborn_process_is_killed_when_its_grace_is_over(tmp_path: Path) -> None:
    shell = executable(tmp_path, "stubborn", Path(str(SHELL)))
    with _running(shell, "-c", STUBBORN) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        end_processes(tmp_path, grace_seconds=0.2)
        assert process.wait(5) == -signal.SIGKILL


def test_somebody_who_reads_a_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.touch()
    with _running(Path(str(shutil.which("tail"))), "-f", str(log)) as reader:
        end_processes(tmp_path)
        assert reader.poll() is None


def test_a_cluster_that_the_cloud_does_not_know_is_ended_and_removed_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "clusters" / "c0ffee"
    with _running(executable(folder, "etcd", Path(str(shutil.which("cat"))))) as etcd:
        KwokControlPlanes(Cloud(), tmp_path).start_all()
        assert etcd.wait(5) < 0
    assert not folder.exists()


def test_nothing_to_end_is_no_error(tmp_path: Path) -> None:
    end_processes(tmp_path / "never-started")
