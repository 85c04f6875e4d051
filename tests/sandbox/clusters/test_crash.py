"""Control planes whose sandbox was killed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from sandbox.clusters import processes
from sandbox.clusters.control_planes import KwokControlPlanes
from sandbox.store import Document, Store

pytestmark = pytest.mark.engine

CLUSTER: Document = {"id": "c0ffee00-0000-4000-8000-000000000000", "_zone": "ch-gva-2", "cni": "calico", "addons": []}
# Starts one cluster, says so, and waits for the end.
DAEMON = """
import sys
from pathlib import Path
from sandbox.cloud import Cloud
from sandbox.clusters.control_planes import KwokControlPlanes
from sandbox.store import Store

home = Path(sys.argv[1])
cloud = Cloud(store=Store(home / "cloud.sqlite"))
cluster, = cloud.store.list("sks-cluster")
KwokControlPlanes(cloud, home).create(cluster)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The home of a sandbox that was killed (SIGKILL) while its cluster ran."""
    store = Store(tmp_path / "cloud.sqlite")
    store.put("sks-cluster", CLUSTER)
    store.close()
    with subprocess.Popen(
        [sys.executable, "-c", DAEMON, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stdout
        assert daemon.stdout.readline() == "ready\n"
        daemon.kill()
    try:
        yield tmp_path
    finally:
        processes.end_processes(tmp_path / "clusters" / CLUSTER["id"], grace_seconds=0)


def test_the_reaper_ends_every_process_and_nothing_else(home: Path) -> None:
    folder = home / "clusters" / CLUSTER["id"]
    left = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller"}
    assert set(processes.find(folder).values()) == left

    with subprocess.Popen(["tail", "-f", folder / "logs" / "etcd.log"], stdout=subprocess.DEVNULL) as reader:
        processes.end_processes(folder)
        assert processes.find(folder) == {}
        assert not list(folder.glob("pids/*"))
        assert reader.poll() is None  # somebody who reads a log is not ours
        reader.kill()


def test_the_next_sandbox_takes_the_cluster_over(home: Path) -> None:
    store = Store(home / "cloud.sqlite")
    planes = KwokControlPlanes(Cloud(store=store), home)
    before = processes.find(home / "clusters" / CLUSTER["id"])

    planes.start_all()
    after = processes.find(home / "clusters" / CLUSTER["id"])
    planes.stop_all()
    store.close()

    assert len(after) == len(before)
    assert not after.keys() & before.keys()


def test_the_next_sandbox_removes_a_cluster_that_its_cloud_does_not_know(home: Path) -> None:
    KwokControlPlanes(Cloud(), home).start_all()
    assert processes.find(home / "clusters" / CLUSTER["id"]) == {}
    assert not (home / "clusters" / CLUSTER["id"]).exists()
