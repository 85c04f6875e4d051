"""Plain objects on a real API server."""

from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from sandbox.plugins.properties import Secret, plain
from tests.sandbox.plugins.kubernetes.conftest import RealCluster, kubeconfig
from tests.sandbox.plugins.kubernetes.plugin import Failed, Plugin

pytestmark = pytest.mark.engine

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
WIDGET = "kubernetes:example.com/v1:Widget"


def _in(namespace: str, name: str = "a", **metadata: Any) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, **metadata}


def test_an_object_lives_from_create_to_delete(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    id, state = live.create(CONFIG_MAP, {"metadata": _in(namespace), "data": {"k": "v"}})
    assert id == f"{namespace}/a"
    assert state["metadata"]["uid"]
    assert state["__fieldManager"].startswith("pulumi-kubernetes-")
    assert state["__initialApiVersion"] == "v1"
    created = cluster.get("configmap", "a", "-n", namespace, "--show-managed-fields")
    assert [entry["manager"] for entry in created["metadata"]["managedFields"]] == ["pulumi-kubernetes"]

    news = {"metadata": _in(namespace, labels={"l": "x"}), "data": {"k": "w"}}
    state = live.update(CONFIG_MAP, id, state, news)
    assert cluster.get("configmap", "a", "-n", namespace)["data"] == {"k": "w"}
    managers = [(entry["manager"], entry["operation"]) for entry in state["metadata"]["managedFields"]]
    assert managers == [(state["__fieldManager"], "Apply")]

    assert live.read(CONFIG_MAP, id, state)[0] == id
    live.delete(CONFIG_MAP, id, state)
    assert live.read(CONFIG_MAP, id, state)[0] == ""
    live.delete(CONFIG_MAP, id, state)  # deleting what is gone succeeds


def test_an_update_removes_what_the_program_no_longer_says(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    id, state = live.create(CONFIG_MAP, {"metadata": _in(namespace), "data": {"k": "v", "l": "v"}})
    live.update(CONFIG_MAP, id, state, {"metadata": _in(namespace), "data": {"k": "v"}})
    assert cluster.get("configmap", "a", "-n", namespace)["data"] == {"k": "v"}


def test_deleting_a_namespace_waits_for_its_content(live: Plugin, cluster: RealCluster) -> None:
    id, state = live.create(NAMESPACE, {"metadata": {"name": "full"}})
    assert id == "full"
    live.create(CONFIG_MAP, {"metadata": _in("full")})
    live.delete(NAMESPACE, id, state)
    assert not [item for item in cluster.get("namespaces")["items"] if item["metadata"]["name"] == "full"]


def test_a_stuck_finalizer_makes_a_delete_time_out(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    id, state = live.create(CONFIG_MAP, {"metadata": _in(namespace, finalizers=["example.com/stuck"])})
    with pytest.raises(Failed) as failed:
        live.delete(CONFIG_MAP, id, state, timeout=1)
    assert str(failed.value) == "timed out waiting for the condition"
    assert live.logged == ["finalizers might be preventing deletion (example.com/stuck)"]
    cluster.kubectl(
        "patch", "configmap", "a", "-n", namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
    )


def test_a_preview_is_a_dry_run(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    id, state = live.create(CONFIG_MAP, {"metadata": _in(namespace), "data": {"k": "v"}}, preview=True)
    assert id == ""
    assert state["metadata"]["uid"]
    assert not cluster.get("configmaps", "-n", namespace, "--field-selector=metadata.name=a")["items"]


def test_a_preview_of_an_update_changes_nothing(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    id, state = live.create(CONFIG_MAP, {"metadata": _in(namespace), "data": {"k": "v"}})
    preview = live.update(CONFIG_MAP, id, state, {"metadata": _in(namespace), "data": {"k": "w"}}, preview=True)
    assert preview["data"] == {"k": "w"}
    assert cluster.get("configmap", "a", "-n", namespace)["data"] == {"k": "v"}


@pytest.mark.parametrize("preview", [True, False])
def test_an_invalid_object_is_refused_in_preview_too(live: Plugin, namespace: str, preview: bool) -> None:
    with pytest.raises(Failed) as failed:
        live.create(CONFIG_MAP, {"metadata": _in(namespace, name="No_Such_Name")}, preview=preview)
    assert str(failed.value).startswith(
        f'resource "urn:pulumi:s::p::{CONFIG_MAP}::thing" was not successfully created by the Kubernetes API server: '
        'ConfigMap "No_Such_Name" is invalid: metadata.name: Invalid value'
    )
    assert failed.value.state is None


def test_previews_overlook_what_the_update_may_mend(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    inputs = live.check(CONFIG_MAP, {"metadata": _in("not-there-yet")})
    assert live.create_checked(CONFIG_MAP, inputs, preview=True) == ("", inputs)
    inputs = live.check(WIDGET, {"metadata": _in(namespace)})
    assert live.create_checked(WIDGET, inputs, preview=True) == ("", inputs)
    inputs = live.check(NAMESPACE, {"metadata": {"name": namespace}})
    assert live.create_checked(NAMESPACE, inputs, preview=True) == ("", inputs)


def test_an_object_that_exists_is_not_taken_over(live: Plugin, namespace: str) -> None:
    with pytest.raises(Failed) as failed:
        live.create(NAMESPACE, {"metadata": {"name": namespace}})
    assert f'by the Kubernetes API server: namespaces "{namespace}" already exists\n' in str(failed.value)
    assert "upsertExistingObjects" in str(failed.value)


def test_an_object_that_exists_is_taken_over_where_the_provider_says_so(
    plugin: Plugin, cluster: RealCluster, namespace: str
) -> None:
    plugin.configure(kubeconfig=cluster.kubeconfig, upsertExistingObjects="true")
    assert plugin.create(NAMESPACE, {"metadata": {"name": namespace, "labels": {"l": "x"}}})[0] == namespace
    assert cluster.get("namespace", namespace)["metadata"]["labels"]["l"] == "x"


def test_a_create_is_tried_again_until_its_namespace_is_there(
    live: Plugin, cluster: RealCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.plugins.kubernetes.objects.FIRST_RETRY_SECONDS", 0.2)
    later = Timer(0.5, cluster.kubectl, ["create", "namespace", "late"])
    later.start()
    assert live.create(CONFIG_MAP, {"metadata": _in("late")})[0] == "late/a"
    later.join()
    assert live.logged[0] == 'Retry #0; creation failed: namespaces "late" not found'
    cluster.kubectl("delete", "namespace", "late", "--wait=false")


def test_a_kind_that_is_unknown_for_good_is_named(
    live: Plugin, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.plugins.kubernetes.objects.FIRST_RETRY_SECONDS", 0.01)
    with pytest.raises(Failed, match='Verify that any required CRDs have been created: no matches for kind "Widget"'):
        live.create(WIDGET, {"metadata": _in(namespace)})
    assert (
        live.read(WIDGET, f"{namespace}/a", {"__inputs": {"apiVersion": "example.com/v1", "kind": "Widget"}})[0] == ""
    )


def test_another_managers_field_is_a_conflict_until_forced(
    live: Plugin, cluster: RealCluster, namespace: str, tmp_path: Path
) -> None:
    id, state = live.create(CONFIG_MAP, {"metadata": _in(namespace), "data": {"k": "v"}})
    state = live.update(CONFIG_MAP, id, state, {"metadata": _in(namespace), "data": {"k": "w"}})
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {namespace}}}\ndata: {{k: t}}\n"
    )
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=them", "-f", str(theirs))

    news = {"metadata": _in(namespace), "data": {"k": "x"}}
    for preview in (True, False):
        with pytest.raises(Failed) as failed:
            live.update(CONFIG_MAP, id, state, news, preview=preview)
        assert str(failed.value) == (
            f'the Kubernetes API server reported that "{id}" failed to fully initialize or become live: '
            "server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/"
            "how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources "
            "for troubleshooting help\n"
            f'The resource managed by field manager "{state["__fieldManager"]}" had an apply conflict: '
            'Apply failed with 1 conflict: conflict with "them": .data.k'
        )
    assert failed.value.state
    assert plain(failed.value.state["__inputs"])["data"] == {"k": "x"}
    assert failed.value.state["data"] == {"k": "t"}

    news["metadata"] = _in(namespace, annotations={"pulumi.com/patchForce": "true"})
    assert live.update(CONFIG_MAP, id, state, news)["data"] == {"k": "x"}


def test_refresh_finds_drift(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    id, state = live.create(CONFIG_MAP, {"metadata": _in(namespace), "data": {"k": "v"}})
    cluster.kubectl("patch", "configmap", "a", "-n", namespace, "-p", '{"data":{"k":"drift","added":"x"}}')
    _, state, inputs = live.read(CONFIG_MAP, id, state)
    assert inputs["data"] == {"k": "drift"}
    assert state["data"] == {"k": "drift", "added": "x"}


def test_an_import_takes_what_is_live(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    cluster.kubectl("create", "configmap", "theirs", "-n", namespace, "--from-literal=k=v")
    id, _, inputs = live.read(CONFIG_MAP, f"{namespace}/theirs")
    assert id == f"{namespace}/theirs"
    assert inputs["data"] == {"k": "v"}
    assert set(inputs["metadata"]) == {"name", "namespace"}


def test_a_secrets_data_is_secret_in_the_state(live: Plugin, cluster: RealCluster, namespace: str) -> None:
    _, state = live.create(SECRET, {"metadata": _in(namespace), "stringData": {"k": Secret("v")}})
    assert state["data"] == Secret({"k": "dg=="})
    assert state["__inputs"]["stringData"] == Secret({"k": "v"})


def test_a_refused_credential_counts_as_an_unreachable_cluster(plugin: Plugin, cluster: RealCluster) -> None:
    server = cluster.kubeconfig.split("server: ")[1].split()[0]
    plugin.configure(kubeconfig=kubeconfig(server, token="expired"))
    with pytest.raises(Failed) as failed:
        plugin.create(CONFIG_MAP, {})
    assert str(failed.value) == (
        "configured Kubernetes cluster is unreachable: unable to load schema information from the API server: "
        "the server has asked for the client to provide credentials"
    )
