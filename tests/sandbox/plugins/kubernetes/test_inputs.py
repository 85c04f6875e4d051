"""Check and Diff of plain kinds, which need no cluster."""

import re
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.kubernetes.changes import Path, parse, text
from sandbox.plugins.properties import UNKNOWN, Secret, encode
from tests.sandbox.plugins.kubernetes.plugin import Failed, Plugin

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@pytest.fixture
def offline(plugin: Plugin, nowhere: str) -> Plugin:
    return plugin.configure(kubeconfig=nowhere)


def test_an_unnamed_object_gets_a_name_from_the_seed_and_is_marked(offline: Plugin) -> None:
    inputs = offline.check(CONFIG_MAP, {}, seed=b"one")
    assert re.fullmatch(r"thing-[0-9a-f]{8}", inputs["metadata"]["name"])
    assert inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert offline.check(CONFIG_MAP, {}, seed=b"one") == inputs
    assert offline.check(CONFIG_MAP, {}, seed=b"two")["metadata"]["name"] != inputs["metadata"]["name"]


def test_an_automatic_name_is_kept_while_the_object_lives(offline: Plugin) -> None:
    old = offline.check(CONFIG_MAP, {}, seed=b"one")
    assert offline.check(CONFIG_MAP, {"data": {"k": "v"}}, old, seed=b"two")["metadata"] == old["metadata"]


def test_a_stack_without_autonaming_refuses_an_unnamed_object(offline: Plugin) -> None:
    request = provider_pb2.CheckRequest(urn=f"urn:pulumi:s::p::{CONFIG_MAP}::thing", news=encode({}))
    request.autonaming.mode = provider_pb2.CheckRequest.AutonamingOptions.DISABLE
    with pytest.raises(
        Exception, match=r"autonaming is disabled, resource requires the .metadata.name field to be set"
    ):
        offline.stub.Check(request)


def test_list_kinds_are_refused(offline: Plugin) -> None:
    with pytest.raises(Failed, match="list resources exist for compatibility"):
        offline.check("kubernetes:core/v1:ConfigMapList", {})


def test_the_providers_namespace_is_the_default(plugin: Plugin, nowhere: str) -> None:
    plugin.configure(kubeconfig=nowhere, namespace="ours")
    assert plugin.check(CONFIG_MAP, {})["metadata"]["namespace"] == "ours"
    assert plugin.check(CONFIG_MAP, {"metadata": {"namespace": "theirs"}})["metadata"]["namespace"] == "theirs"


def test_a_secret_input_stays_secret(offline: Plugin) -> None:
    inputs = offline.check(CONFIG_MAP, {"metadata": {"name": "a"}, "data": {"open": "x", "hidden": Secret("y")}})
    assert inputs["data"] == {"open": "x", "hidden": Secret("y")}


def _state(kind: str, api_version: str, **body: Any) -> dict[str, Any]:
    inputs = {"apiVersion": api_version, "kind": kind, **body}
    metadata = {**body["metadata"], "uid": "u", "resourceVersion": "7"}
    return {**inputs, "metadata": metadata, "status": {"phase": "Active"}, "__inputs": inputs}


def test_what_the_server_added_is_no_difference(offline: Plugin) -> None:
    state = _state("ConfigMap", "v1", metadata={"name": "a", "namespace": "n"}, data={"k": "v"})
    assert offline.diff(CONFIG_MAP, state, state["__inputs"]).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_drift_of_what_the_program_speaks_of_is_a_difference(offline: Plugin) -> None:
    state = _state("ConfigMap", "v1", metadata={"name": "a", "namespace": "n", "labels": {"l": "ours"}})
    state["metadata"]["labels"] = {"l": "theirs", "added": "by them"}
    assert list(offline.diff(CONFIG_MAP, state, state["__inputs"]).detailedDiff) == ["metadata.labels.l"]


@pytest.mark.parametrize(
    ("type", "kind", "body", "change", "replaces"),
    [
        (CONFIG_MAP, "ConfigMap", {"data": {"k": "v"}}, {"data": {"k": "w"}}, ["data.k"]),
        (
            CONFIG_MAP,
            "ConfigMap",
            {"data": {"k": "v"}},
            {"metadata": {"name": "b", "namespace": "n"}},
            ["metadata.name"],
        ),
        (CONFIG_MAP, "ConfigMap", {}, {"metadata": {"name": "a", "namespace": "m"}}, ["metadata.namespace"]),
        (CONFIG_MAP, "ConfigMap", {}, {"metadata": {"name": "a", "namespace": "n", "labels": {"l": "x"}}}, []),
        (SECRET, "Secret", {"stringData": {"k": "v"}}, {"stringData": {"k": "w"}}, ["data.k"]),
        (DEPLOYMENT, "Deployment", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, []),
        (
            DEPLOYMENT,
            "Deployment",
            {"spec": {"selector": {"matchLabels": {"a": "b"}}}},
            {"spec": {"selector": {"matchLabels": {"a": "c"}}}},
            ["spec.selector.matchLabels.a"],
        ),
    ],
)
def test_only_what_cannot_change_in_place_replaces(
    offline: Plugin, type: str, kind: str, body: dict[str, Any], change: dict[str, Any], replaces: list[str]
) -> None:
    api_version = "apps/v1" if kind == "Deployment" else "v1"
    state = _state(kind, api_version, metadata={"name": "a", "namespace": "n"}, **body)
    answer = offline.diff(type, state, {**state["__inputs"], **change})
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.replaces) == replaces


def test_config_maps_change_in_place_where_the_provider_says_so(plugin: Plugin, nowhere: str) -> None:
    plugin.configure(kubeconfig=nowhere, enableConfigMapMutable="true")
    state = _state("ConfigMap", "v1", metadata={"name": "a", "namespace": "n"}, data={"k": "v"})
    answer = plugin.diff(CONFIG_MAP, state, {**state["__inputs"], "data": {"k": "w"}})
    assert list(answer.detailedDiff) == ["data.k"]
    assert not answer.replaces


@pytest.mark.parametrize(
    ("annotations", "namespace", "first"),
    [({}, "n", True), ({"pulumi.com/autonamed": "true"}, "n", False), ({}, "m", False)],
)
def test_an_object_is_deleted_before_its_replacement_only_when_both_need_the_same_name(
    offline: Plugin, annotations: dict[str, str], namespace: str, first: bool
) -> None:
    metadata = {"name": "a", "namespace": "n", "annotations": annotations}
    state = _state("ConfigMap", "v1", metadata=metadata, data={"k": "v"})
    news = {**state["__inputs"], "metadata": {**metadata, "namespace": namespace}, "data": {"k": "w"}}
    assert offline.diff(CONFIG_MAP, state, news).deleteBeforeReplace is first


def test_metadata_that_a_preview_does_not_know_is_a_change_in_place(offline: Plugin) -> None:
    state = _state("ConfigMap", "v1", metadata={"name": "a", "namespace": "n"}, data={"k": "v"})
    answer = offline.diff(CONFIG_MAP, state, {**state["__inputs"], "metadata": UNKNOWN})
    assert (list(answer.diffs), list(answer.replaces)) == (["metadata"], [])


def test_ignored_changes_are_no_difference(offline: Plugin) -> None:
    state = _state("ConfigMap", "v1", metadata={"name": "a", "namespace": "n"}, data={"k": "v", "l": "v"})
    news = {**state["__inputs"], "data": {"k": "w", "l": "w"}}
    assert list(offline.diff(CONFIG_MAP, state, news, ignore=("data.k",)).detailedDiff) == ["data.l"]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (("spec", "ports", 0, "port"), "spec.ports[0].port"),
        (("metadata", "annotations", "a.b/c"), 'metadata.annotations["a.b/c"]'),
        (("data", "a-b"), "data.a-b"),
    ],
)
def test_paths_are_written_and_read_as_the_engine_does(path: Path, written: str) -> None:
    assert text(path) == written
    assert parse(written) == path
