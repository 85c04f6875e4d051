"""A control plane that does not come up."""

import contextlib
import itertools
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox import ports
from sandbox.cloud import Cloud
from sandbox.clusters import metrics_server, processes
from sandbox.clusters.control_planes import KwokControlPlanes
from sandbox.clusters.kwok import Kwok, StartFailed
from sandbox.store import Document
from tests.sandbox.clusters.account import Account
from tests.sandbox.waiting import eventually

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


@pytest.mark.engine
@pytest.mark.slow
def test_ports_that_somebody_takes_after_they_were_chosen_are_given_up_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it one in some hundred clusters had nodes on which no pod ever ran, or no node at all, or no metrics."""
    losing = iter(["etcd", "kwok"])  # one on which the others wait, and one on which nobody does
    choose = Kwok._choose_ports
    account = Account(tmp_path)
    with contextlib.ExitStack() as taken:

        def choose_and_lose(kwok: Any) -> None:
            choose(kwok)
            for process in itertools.islice(losing, 1):
                taken.enter_context(socket.create_server(("127.0.0.1", kwok.ports[process])))

        monkeypatch.setattr(Kwok, "_choose_ports", choose_and_lose)
        somebodys = taken.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        offered = iter([somebodys, ports.free(), ports.free()])
        monkeypatch.setattr(metrics_server, "ports", SimpleNamespace(free=lambda: next(offered)))

        def metrics_are_available() -> bool:
            account.sync()  # rather than wait until the control plane looks again
            found = account.items("/apis/apiregistration.k8s.io/v1/apiservices")
            about = [item.get("status", {}) for item in found if "metrics" in item["metadata"]["name"]]
            conditions = [each for status in about for each in status.get("conditions", [])]
            return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)

        try:
            account.start()
            account.scale(1)
            eventually(lambda: list(account.nodes().values()) == ["Ready"])
            eventually(lambda: {status for _, status in account.pods()} == {"Running"})
            eventually(metrics_are_available)
        finally:
            account.close()
    assert list(losing) == []
