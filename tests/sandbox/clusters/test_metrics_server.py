"""A cluster does without metrics-server until that is installed: it is what an `up` does not wait for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.clusters import metrics_server, processes
from sandbox.clusters.system import AGGREGATED
from tests.sandbox.clusters.account import Account
from tests.sandbox.tool_cache import without
from tests.sandbox.waiting import eventually
from tools import path_of


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Installs metrics-server, which is not there at first, or removes it."""
    real = path_of(metrics_server.NAME).parent
    place = without(metrics_server.NAME, tmp_path / "cache")
    monkeypatch.setenv("EXOSCALE_SKS_CACHE", str(tmp_path / "cache"))
    return lambda there: place.symlink_to(real) if there else place.unlink()


@pytest.fixture
def cluster(installed: object, tmp_path: Path) -> Iterator[Account]:
    account = Account(tmp_path)
    account.start()
    yield account
    account.close()


def offered(account: Account) -> bool:
    return any("metrics" in item["metadata"]["name"] for item in account.items(AGGREGATED))


def delete_a_namespace(account: Account) -> None:
    account.kubectl("create", "namespace", "short-lived")
    assert account.kubectl("delete", "namespace", "short-lived", "--timeout=30s").returncode == 0


@pytest.mark.engine
def test_a_cluster_has_figures_as_soon_as_metrics_server_is_installed_and_works_without_it(
    cluster: Account, installed: Callable[[bool], None]
) -> None:
    cluster.scale(1)
    eventually(lambda: list(cluster.nodes().values()) == ["Ready"])
    top = cluster.kubectl("top", "node")
    assert (top.returncode, top.stderr.strip()) == (1, "error: Metrics API not available")
    delete_a_namespace(cluster)

    installed(True)
    cluster.sync()
    eventually(lambda: cluster.kubectl("top", "node").returncode == 0, seconds=90)

    # As when the cluster is started with another version of metrics-server pinned, which is not there yet.
    installed(False)
    processes.kill_process(cluster.folder, metrics_server.NAME)
    cluster.sync()
    eventually(lambda: not offered(cluster))
    delete_a_namespace(cluster)
