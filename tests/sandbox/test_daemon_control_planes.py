"""What becomes of a control plane when its sandbox ends, in every way it can: each test a step, in order, on a home."""

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import daemon
from sandbox.clock import FAST
from sandbox.clusters.processes import find
from sandbox.files import write_private
from sandbox.home import Lock, Record, running
from sandbox.reaper import end_control_planes
from tests.sandbox.daemons import PROJECT, ZONE, client, create_cluster, processes_of
from tests.sandbox.waiting import until
from tools import path_of

Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    daemon.stop(folder)


@pytest.fixture(scope="module")
def in_the_foreground(home: Path) -> "subprocess.Popen[str]":
    """The home's first sandbox, at a terminal of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--home", str(home), "start", "--foreground"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    until(lambda: running(home), "the sandbox runs")
    return process


@pytest.fixture(scope="module")
def cluster(home: Path, in_the_foreground: object) -> str:
    """Id of the cluster that lives through all of this."""
    return create_cluster(_record(home))


@pytest.fixture(scope="module")
def kubectl(home: Path, cluster: str) -> Kubectl:
    """The real kubectl, with a kubeconfig minted before anything ended."""
    api = client(_record(home))
    minted = api.generate_sks_cluster_kubeconfig(id=cluster, user="me", groups=["system:masters"], ttl=3600)
    kubeconfig = home / "minted"
    write_private(kubeconfig, base64.b64decode(minted["kubeconfig"]).decode())

    def run(*arguments: str) -> str:
        command = [path_of("kubectl"), f"--kubeconfig={kubeconfig}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    return run


def _record(home: Path) -> Record:
    record = running(home)
    assert record
    return record


def _start(home: Path) -> Record:
    return daemon.start(home, FAST, lambda line: None)


def _kill_with_its_reaper(home: Path) -> None:
    """Returns when both are dead, to the last thread."""
    pids = processes_of(home)
    (reaper,) = [pid for pid in pids if b"sandbox.reaper" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    for pid in (reaper, _record(home).pid):
        os.kill(pid, signal.SIGKILL)
    lock = Lock(home)
    until(lock.acquire, "daemon and reaper are dead")
    lock.close()


@pytest.mark.engine
def test_ctrl_c_at_the_terminal_ends_the_control_planes_too(
    home: Path, in_the_foreground: "subprocess.Popen[str]", cluster: str, kubectl: Kubectl
) -> None:
    assert f"https://{cluster}.sks-{ZONE}.exo.io:443" in kubectl("cluster-info")
    kubectl("create", "namespace", "kept")
    assert {"etcd", "kube-apiserver"} <= set(find(home / "clusters" / cluster).values())
    os.killpg(in_the_foreground.pid, signal.SIGINT)  # a terminal signals the whole group
    said, errors = in_the_foreground.communicate(timeout=60)
    assert (in_the_foreground.returncode, errors) == (0, "")
    assert said.endswith("stopping\n")
    assert processes_of(home) == []


@pytest.mark.engine
def test_the_next_start_brings_the_clusters_back_and_old_kubeconfigs_work(home: Path, kubectl: Kubectl) -> None:
    _start(home)
    assert kubectl("get", "namespace", "kept", "-o", "name") == "namespace/kept\n"


@pytest.mark.engine
def test_a_killed_daemon_leaves_no_control_plane_behind(home: Path) -> None:
    os.kill(_record(home).pid, signal.SIGKILL)
    until(lambda: not processes_of(home), "every process ended", seconds=30)


@pytest.mark.engine
def test_what_runs_on_because_the_reaper_was_killed_too_is_replaced_by_the_next_start(
    home: Path, cluster: str, kubectl: Kubectl
) -> None:
    _start(home)
    _kill_with_its_reaper(home)
    left = find(home / "clusters" / cluster)
    assert {"etcd", "kube-apiserver"} <= set(left.values())

    _start(home)
    assert not left.keys() & find(home / "clusters" / cluster).keys()
    assert kubectl("get", "namespace", "kept", "-o", "name") == "namespace/kept\n"


@pytest.mark.engine
def test_stop_ends_what_a_crash_left_behind_even_without_the_reaper(home: Path) -> None:
    _kill_with_its_reaper(home)
    assert processes_of(home)
    assert not daemon.stop(home)
    assert processes_of(home) == []


def test_ending_control_planes_where_none_ever_ran_does_nothing(tmp_path: Path) -> None:
    end_control_planes(tmp_path / "nowhere")
