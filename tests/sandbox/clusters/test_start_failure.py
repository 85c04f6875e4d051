"""A control plane that does not come up."""

import shutil
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from sandbox.clusters import KwokControlPlanes, processes
from sandbox.clusters.kwok import StartFailed
from sandbox.store import Document

CLUSTER: Document = {"id": "some-id", "_zone": "ch-gva-2"}


def test_a_broken_tool_is_an_error_that_names_it_and_leaves_nothing_running(tmp_path: Path) -> None:
    planes = KwokControlPlanes(Cloud(), tmp_path, tools=lambda name: Path(str(shutil.which("false"))))
    with pytest.raises(StartFailed, match="kwokctl create"):
        planes.create(CLUSTER)
    assert processes.find(tmp_path / "clusters" / "some-id") == {}

    with pytest.raises(LookupError, match="SKS cluster some-id has no running control plane"):
        planes.port("some-id")
    planes.delete("some-id")
    assert not (tmp_path / "clusters" / "some-id").exists()
