"""A real control plane with storage for a module that asks for one."""

from collections.abc import Iterator

import pytest

from tests.sandbox.csi.stored_cluster import StoredCluster


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredCluster]:
    """One cluster for all tests of a module."""
    cluster = StoredCluster(tmp_path_factory.mktemp("home"))
    with cluster.api:
        try:
            cluster.planes.create(cluster.cluster)
            yield cluster
        finally:
            cluster.planes.stop_all()


@pytest.fixture
def cluster(control_plane: StoredCluster) -> StoredCluster:
    """The module's cluster as if it were new."""
    control_plane.reset()
    return control_plane
