"""A simulated cloud for each test, and a real control plane for a module that asks for one."""

from collections.abc import Iterator

import pytest

from tests.sandbox.ccm.running_cluster import RunningCluster
from tests.sandbox.ccm.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """Its API answers, at once."""
    world = World("any")
    with world.api:
        yield world


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    """One cluster for all tests of a module."""
    cluster = RunningCluster(tmp_path_factory.mktemp("home"))
    with cluster.api:
        try:
            cluster.planes.create(cluster.cluster)
            yield cluster
        finally:
            cluster.planes.stop_all()


@pytest.fixture
def cluster(control_plane: RunningCluster) -> RunningCluster:
    """The module's cluster as if it were new."""
    control_plane.reset()
    return control_plane
