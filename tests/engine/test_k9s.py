"""k9s in a terminal, on a cluster of the sandbox: what docs/credentials.md says of it."""

import base64
from pathlib import Path

import pytest

from runner.demo.k9s import QUIT, nodes, opened
from sandbox.client import connect
from sandbox.files import write_private
from sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_k9s_shows_the_nodes_and_ends_at_ctrl_c(sandbox: Sandbox, tmp_path: Path) -> None:
    client = connect(sandbox.url, sandbox.key, sandbox.secret, "ch-gva-2", poll_seconds=0.05)
    version = client.list_sks_cluster_versions()["sks-cluster-versions"][0]
    wanted = {"name": "k9s", "level": "starter", "version": version, "cni": "calico", "addons": []}
    cluster = client.wait(client.create_sks_cluster(**wanted)["id"])["reference"]["id"]
    small = next(kind for kind in client.list_instance_types()["instance-types"] if kind["size"] == "small")
    pool = {"name": "pool", "size": 2, "disk_size": 20, "instance_type": {"id": small["id"]}}
    client.wait(client.create_sks_nodepool(id=cluster, **pool)["id"])
    machines = {instance["name"] for instance in client.list_instances()["instances"]}
    minted = client.generate_sks_cluster_kubeconfig(id=cluster, user="me", groups=["system:masters"], ttl=3600)
    kubeconfig = tmp_path / "kubeconfig"
    write_private(kubeconfig, base64.b64decode(minted["kubeconfig"]).decode())

    with opened(kubeconfig, tmp_path) as screen:
        screen.wait(lambda lines: set(nodes(lines)) == machines)
        screen.type(QUIT)
        assert screen.ended() == 0
    client.http_client.close()
