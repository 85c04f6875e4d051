"""Daemons of the sandbox, from outside."""

import os
from collections.abc import Callable
from pathlib import Path

from exoscale.api.v2 import Client

from sandbox.client import connect
from sandbox.home import Record

PROJECT = Path(__file__).parents[2]
ZONE = "ch-gva-2"
Start = Callable[[Path], Record]


def processes_of(home: Path) -> list[int]:
    """Pids of every process with a path of this folder in its command line."""
    wanted = str(home.resolve()).encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if wanted in line:
                found.append(int(entry.name))
    return found


def client(record: Record) -> Client:
    return connect(record.url, record.key, record.secret, ZONE, poll_seconds=0.05)


def create_cluster(record: Record) -> str:
    """Id of a new cluster, whose API server answers."""
    api = client(record)
    version = api.list_sks_cluster_versions()["sks-cluster-versions"][0]
    operation = api.create_sks_cluster(
        name="test", level="starter", version=version, cni="calico", addons=["exoscale-cloud-controller"]
    )
    return str(api.wait(operation["id"])["reference"]["id"])
