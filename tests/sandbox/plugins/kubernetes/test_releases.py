"""Releases on a real API server with the real helm."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

import pytest
from google.protobuf import empty_pb2

from sandbox.controllers.objects import SERVICES
from sandbox.plugins.properties import UNKNOWN, Properties, Secret, plain
from tests.sandbox.plugins.kubernetes.conftest import NAMESPACES, RealCluster
from tests.sandbox.plugins.kubernetes.plugin import RELEASE, Failed, Plugin

pytestmark = pytest.mark.engine


@pytest.fixture
def release(live: Plugin, chart: Callable[..., Path], cluster: RealCluster) -> Iterator[Callable[..., Properties]]:
    """Makes a release's inputs in a namespace of its own."""
    chart("tiny")
    namespace = f"r{uuid.uuid4().hex[:8]}"

    def inputs(**more: Any) -> Properties:
        return {"chart": "./tiny", "name": "r", "namespace": namespace, "createNamespace": True, "timeout": 20, **more}

    yield inputs
    here = f"{NAMESPACES}/{namespace}"
    for kind in ("services", "configmaps"):
        for item in cluster.api.list(f"{here}/{kind}")["items"]:
            if item["metadata"].get("finalizers"):
                _release_finalizers(cluster, namespace, kind, item["metadata"]["name"])
    cluster.api.delete(here)


def _release_finalizers(cluster: RealCluster, namespace: str, kind: str, name: str) -> None:
    cluster.api.patch(f"{NAMESPACES}/{namespace}/{kind}/{name}", {"metadata": {"finalizers": None}})


@pytest.fixture
def addresses(cluster: RealCluster) -> Iterator[None]:
    """A cloud that gives every load balancer an address."""
    stopping = Event()
    address = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}

    def assign() -> None:
        while not stopping.wait(0.1):
            for service in cluster.api.list(SERVICES)["items"]:
                metadata = service["metadata"]
                if service["spec"]["type"] == "LoadBalancer" and not service["status"]["loadBalancer"]:
                    path = f"{NAMESPACES}/{metadata['namespace']}/services/{metadata['name']}/status"
                    cluster.api.patch(path, address)

    cloud = Thread(target=assign)
    cloud.start()
    yield
    stopping.set()
    cloud.join()


@pytest.mark.usefixtures("addresses")
def test_a_release_is_installed_upgraded_read_and_uninstalled(
    live: Plugin, cluster: RealCluster, chart: Callable[..., Path], release: Callable[..., Properties]
) -> None:
    inputs = release(values={"text": "one", "lb": True})
    namespace = inputs["namespace"]
    id, state = live.create(RELEASE, inputs)
    assert id == f"{namespace}/r"
    assert state["resourceNames"] == {"ConfigMap/v1": ["r"], "Service/v1": [f"{namespace}/r"]}
    assert state["status"] == {
        "status": "deployed",
        "name": "r",
        "namespace": namespace,
        "revision": 1,
        "chart": "tiny",
        "version": "1.2.3",
        "appVersion": "9",
    }
    assert isinstance(state["__inputs"], Secret)
    assert state["values"] == {"text": "one", "lb": True}

    chart("tiny", "1.3.0")
    state = live.update(RELEASE, id, state, release(values={"text": "two"}))
    assert state["status"]["revision"] == 2
    assert state["version"] == "1.3.0"
    assert cluster.get("configmap", "r", "-n", namespace)["data"]["text"] == "two"
    assert state["resourceNames"] == {"ConfigMap/v1": ["r"]}

    read_id, read_state, read_inputs = live.read(RELEASE, id, state)
    assert (read_id, read_state) == (id, state)
    assert not live.diff(RELEASE, read_state, read_inputs).detailedDiff

    live.delete(RELEASE, id, state)
    assert cluster.get("namespace", namespace), "the namespace that createNamespace made stays"
    assert not cluster.get("secrets", "-n", namespace)["items"]
    assert live.read(RELEASE, id, state)[0] == ""


def test_refresh_finds_what_helm_changed_by_hand(
    live: Plugin, cluster: RealCluster, release: Callable[..., Properties], tmp_path: Path, helm: Callable[..., str]
) -> None:
    inputs = release(values={"text": "ours"})
    id, state = live.create(RELEASE, inputs)
    helm("upgrade", "r", str(tmp_path / "tiny"), "-n", inputs["namespace"], "--set", "text=theirs")
    _, state, asked = live.read(RELEASE, id, state)
    assert list(live.diff(RELEASE, state, asked).detailedDiff) == ["values.text"]


def test_a_preview_of_a_release_leaves_its_results_unknown(live: Plugin, release: Callable[..., Properties]) -> None:
    id, state = live.create(RELEASE, release(), preview=True)
    assert id == ""
    assert (state["status"], state["resourceNames"]) == (UNKNOWN, UNKNOWN)
    assert state["version"] == "1.2.3"


def test_secret_values_stay_secret_and_reach_the_cluster(
    live: Plugin, cluster: RealCluster, release: Callable[..., Properties]
) -> None:
    inputs = release(values={"password": Secret("open sesame"), "text": "x"})
    _, state = live.create(RELEASE, inputs)
    assert state["values"] == {"password": Secret("open sesame"), "text": "x"}
    assert cluster.get("configmap", "r", "-n", inputs["namespace"])["data"]["password"] == "open sesame"


def test_an_install_that_times_out_leaves_a_failed_release_which_an_update_heals(
    live: Plugin, release: Callable[..., Properties]
) -> None:
    inputs = release(values={"lb": True}, timeout=2)
    with pytest.raises(Failed) as failed:
        live.create(RELEASE, inputs)
    id = f"{inputs['namespace']}/r"
    reason = (
        f'Helm release "{id}" was created, but failed to initialize completely. Use Helm CLI to investigate: failed '
        f"to become available within allocated timeout. Error: Helm Release {id}: context deadline exceeded"
    )
    assert (str(failed.value), failed.value.reasons, failed.value.id) == (reason, [reason], id)
    assert live.logged == [
        'Helm release "r" was created but has a failed status. Use the `helm` command to investigate the error, '
        "correct it, then retry. Reason: context deadline exceeded"
    ]
    state = failed.value.state
    assert state
    assert (state["status"]["status"], state["status"]["revision"]) == ("failed", 1)
    assert live.read(RELEASE, id, state)[1]["status"]["status"] == "failed"

    with pytest.raises(Failed) as failed:
        live.update(RELEASE, id, state, release(values={"lb": True, "text": "again"}, timeout=2))
    assert str(failed.value) == (
        f'Helm release "{id}" failed to initialize completely. Use Helm CLI to investigate: error running update: '
        f"failed to become available within allocated timeout. Error: Helm Release {id}: context deadline exceeded"
    )
    assert failed.value.state
    assert plain(failed.value.state["__inputs"])["values"]["text"] == "again"
    assert failed.value.state["status"]["revision"] == 2

    assert live.update(RELEASE, id, failed.value.state, release(values={"lb": False}))["status"]["status"] == "deployed"


def test_an_atomic_install_that_fails_leaves_nothing(live: Plugin, release: Callable[..., Properties]) -> None:
    with pytest.raises(Failed) as failed:
        live.create(RELEASE, release(values={"lb": True}, timeout=2, atomic=True))
    assert str(failed.value) == (
        "release r failed, and has been uninstalled due to atomic being set: context deadline exceeded"
    )
    assert failed.value.state is None


def test_an_atomic_upgrade_that_fails_rolls_back_but_saves_the_new_inputs(
    live: Plugin, cluster: RealCluster, release: Callable[..., Properties]
) -> None:
    id, state = live.create(RELEASE, release(values={"text": "one"}))
    with pytest.raises(Failed, match="rolled back due to atomic being set: context deadline exceeded") as failed:
        live.update(RELEASE, id, state, release(values={"text": "two", "lb": True}, timeout=2, atomic=True))
    assert failed.value.state
    assert failed.value.state["status"]["revision"] == 2
    assert plain(failed.value.state["__inputs"])["values"]["text"] == "two"
    assert cluster.get("configmap", "r", "-n", id.split("/")[0])["data"]["text"] == "one"


def test_a_release_that_is_not_awaited_is_deployed_at_once(live: Plugin, release: Callable[..., Properties]) -> None:
    id, state = live.create(RELEASE, release(values={"lb": True}, skipAwait=True, timeout=1))
    assert state["status"]["status"] == "deployed"
    live.delete(RELEASE, id, state)


def test_a_missing_namespace_leaves_nothing(live: Plugin, release: Callable[..., Properties]) -> None:
    with pytest.raises(Failed) as failed:
        live.create(RELEASE, release(namespace="nowhere", createNamespace=False))
    assert str(failed.value) == 'create: failed to create: namespaces "nowhere" not found'
    assert failed.value.state is None


def test_a_taken_name_leaves_the_other_release_alone(live: Plugin, release: Callable[..., Properties]) -> None:
    live.create(RELEASE, release())
    with pytest.raises(Failed) as failed:
        live.create(RELEASE, release())
    assert str(failed.value) == "cannot re-use a name that is still in use"
    assert failed.value.state is None


def test_a_chart_that_does_not_render_leaves_nothing(
    live: Plugin, release: Callable[..., Properties], tmp_path: Path
) -> None:
    (tmp_path / "tiny" / "templates" / "bad.yaml").write_text('{{ fail "this will not do" }}\n')
    with pytest.raises(Failed, match="this will not do") as failed:
        live.create(RELEASE, release())
    assert failed.value.state is None


def test_an_update_of_a_release_that_is_gone_is_refused(
    live: Plugin, release: Callable[..., Properties], helm: Callable[..., str]
) -> None:
    id, state = live.create(RELEASE, release())
    helm("uninstall", "r", "-n", id.split("/")[0])
    with pytest.raises(Failed) as failed:
        live.update(RELEASE, id, state, release(values={"text": "x"}))
    assert str(failed.value) == '"r" has no deployed releases'
    assert failed.value.state is None


def test_an_uninstall_that_times_out_has_lost_helms_record_so_only_a_refresh_helps(
    live: Plugin, cluster: RealCluster, release: Callable[..., Properties]
) -> None:
    values = {"lb": True, "finalizers": ["example.com/cloud"]}
    with pytest.raises(Failed) as failed:
        live.create(RELEASE, release(values=values, timeout=2))
    id, state = failed.value.id, failed.value.state
    assert state
    started = time.monotonic()
    with pytest.raises(Failed) as failed:
        live.delete(RELEASE, id, state)
    assert str(failed.value) == "uninstallation completed with 1 error(s): context deadline exceeded"
    assert time.monotonic() - started >= 2
    assert cluster.get("service", "r", "-n", id.split("/")[0])["metadata"]["deletionTimestamp"]
    with pytest.raises(Failed) as failed:
        live.delete(RELEASE, id, state)
    assert str(failed.value) == "uninstall: Release not loaded: r: release: not found"
    assert live.read(RELEASE, id, state)[0] == ""


def test_kept_objects_are_told(live: Plugin, release: Callable[..., Properties]) -> None:
    id, state = live.create(RELEASE, release(values={"keep": True}))
    live.delete(RELEASE, id, state)
    told = "These resources were kept due to the resource policy:\n[ConfigMap] r\n"
    assert live.logged == [f"Helm uninstall returned information: {json.dumps(told)}"]


def test_cancel_interrupts_an_install_and_leaves_it_failed(live: Plugin, release: Callable[..., Properties]) -> None:
    inputs = live.check(RELEASE, release(values={"lb": True}))
    cancel = Timer(2, live.stub.Cancel, [empty_pb2.Empty()])
    cancel.start()
    with pytest.raises(Failed, match="context canceled") as failed:
        live.create_checked(RELEASE, inputs)
    cancel.join()
    assert failed.value.state
    assert failed.value.state["status"]["status"] == "failed"


def test_an_import_takes_the_live_values_and_finds_the_chart(
    live: Plugin, release: Callable[..., Properties], tmp_path: Path, helm: Callable[..., str]
) -> None:
    namespace = release()["namespace"]
    helm("install", "r", str(tmp_path / "tiny"), "-n", namespace, "--create-namespace", "--set", "text=theirs")
    id, _, inputs = live.read(RELEASE, f"{namespace}/r")
    assert id == f"{namespace}/r"
    assert (inputs["chart"], inputs["version"], inputs["values"]) == ("./tiny", "1.2.3", {"text": "theirs"})


def test_an_upgrade_that_would_take_over_a_foreign_object_is_a_partial_failure(
    live: Plugin, cluster: RealCluster, release: Callable[..., Properties]
) -> None:
    id, state = live.create(RELEASE, release())
    cluster.kubectl("create", "service", "externalname", "r", "-n", id.split("/")[0], "--external-name=x.example")
    with pytest.raises(
        Failed, match=r"Unable to continue with update: Service .* exists and cannot be imported"
    ) as failed:
        live.update(RELEASE, id, state, release(values={"lb": True}))
    assert failed.value.state
