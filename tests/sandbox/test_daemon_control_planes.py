"""A daemon with control planes: restarted, killed, and what is left of them."""

import base64
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import daemon
from sandbox.clusters.processes import find
from sandbox.files import write_private
from sandbox.home import Lock, running
from sandbox.reaper import end_control_planes
from tests.sandbox.daemons import PROJECT, ZONE, Start, client, create_cluster, processes_of
from tests.sandbox.waiting import until
from tools import path_of


@pytest.mark.engine
def test_a_killed_daemon_leaves_no_control_plane_behind(tmp_path: Path, start: Start) -> None:
    record = start(tmp_path)
    folder = tmp_path / "clusters" / create_cluster(record)
    assert {"etcd", "kube-apiserver"} <= set(find(folder).values())
    os.kill(record.pid, signal.SIGKILL)
    until(lambda: not processes_of(tmp_path), "every process ended", seconds=30)


@pytest.mark.engine
def test_ctrl_c_at_the_terminal_ends_the_control_planes_too(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--home", str(tmp_path), "start", "--foreground"],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        process_group=0,
    )
    until(lambda: running(tmp_path), "the sandbox runs")
    record = running(tmp_path)
    assert record
    folder = tmp_path / "clusters" / create_cluster(record)
    assert find(folder)
    os.killpg(process.pid, signal.SIGINT)  # a terminal signals the whole group
    assert process.wait(timeout=60) == 0
    assert processes_of(tmp_path) == []


@pytest.mark.engine
def test_a_restart_brings_the_clusters_back_and_old_kubeconfigs_work(tmp_path: Path, start: Start) -> None:
    record = start(tmp_path / "home")
    cluster = create_cluster(record)
    minted = client(record).generate_sks_cluster_kubeconfig(id=cluster, user="me", groups=["system:masters"], ttl=3600)
    kubeconfig = tmp_path / "kubeconfig"
    write_private(kubeconfig, base64.b64decode(minted["kubeconfig"]).decode())

    def kubectl(*arguments: str) -> str:
        return subprocess.run(
            [path_of("kubectl"), f"--kubeconfig={kubeconfig}", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    assert f"https://{cluster}.sks-{ZONE}.exo.io:443" in kubectl("cluster-info")
    kubectl("create", "namespace", "kept")
    daemon.stop(tmp_path / "home")
    assert processes_of(tmp_path / "home") == []
    start(tmp_path / "home")
    assert kubectl("get", "namespace", "kept", "-o", "name") == "namespace/kept\n"


@pytest.mark.engine
def test_stop_ends_what_a_crash_left_behind_even_without_the_reaper(tmp_path: Path, start: Start) -> None:
    record = start(tmp_path)
    create_cluster(record)
    reapers = [pid for pid in processes_of(tmp_path) if b"sandbox.reaper" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(reapers) == 1
    os.kill(reapers[0], signal.SIGKILL)
    os.kill(record.pid, signal.SIGKILL)
    lock = Lock(tmp_path)  # free when the last thread of daemon and reaper is gone
    until(lock.acquire, "daemon and reaper are dead")
    lock.close()
    assert processes_of(tmp_path)
    assert not daemon.stop(tmp_path)
    assert processes_of(tmp_path) == []


def test_ending_control_planes_where_none_ever_ran_does_nothing(tmp_path: Path) -> None:
    end_control_planes(tmp_path / "nowhere")
