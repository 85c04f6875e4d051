"""Helm's records of operations that were killed: those of the stack's own releases go, and no others."""

import base64
import gzip
import json
from typing import Any

import pytest

from components.teardown.cloud.stack_ref import StackRef
from components.teardown.cluster import helm_records
from tests.teardown.paper_api_server import PaperApiServer

OURS = StackRef("shop", "dev", "5fac1d000001")
ANNOTATION = "service.beta.kubernetes.io/exoscale-loadbalancer-description"


def values(ref: StackRef) -> dict[str, Any]:
    return {"controller": {"list": [1, None], "service": {"annotations": {ANNOTATION: ref.describe("NLB", "alice")}}}}


def packed(config: Any) -> str:
    release = json.dumps({"name": "ingress", "config": config}).encode()
    return base64.b64encode(base64.b64encode(gzip.compress(release, mtime=0))).decode()


def record(server: PaperApiServer, status: str, config: Any, name: str = "ingress", data: str | None = None) -> str:
    path = f"/api/v1/namespaces/{name}/secrets/sh.helm.release.v1.{name}.v1"
    server.objects[path] = {
        "metadata": {
            "name": f"sh.helm.release.v1.{name}.v1",
            "namespace": name,
            "labels": {"owner": "helm", "name": name, "status": status},
        },
        "data": {"release": packed(config) if data is None else data},
    }
    return path


def forgotten(server: PaperApiServer) -> set[str]:
    before, said = {*server.objects}, []  # type: ignore[var-annotated]
    assert len(helm_records.unfinished(server, OURS)) == 0 or {*server.objects} == before
    helm_records.forget(server, OURS, said.append)
    gone = before - {*server.objects}
    assert len(said) == len(gone)
    return gone


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback"])
def test_a_pending_record_of_the_stacks_release_is_deleted(status: str) -> None:
    server = PaperApiServer()
    path = record(server, status, values(OURS))

    assert forgotten(server) == {path}
    assert helm_records.unfinished(server, OURS) == []


@pytest.mark.parametrize("status", ["deployed", "failed", "superseded", "uninstalling"])
def test_a_record_of_what_is_no_longer_under_way_stays(status: str) -> None:
    server = PaperApiServer()
    record(server, status, values(OURS))

    assert forgotten(server) == set()


@pytest.mark.parametrize(
    "config",
    [
        values(StackRef("shop", "dev", "0123456789ab")),  # the same name under another id
        values(StackRef("shop", "original", OURS.id)),  # this state is a copy of that stack's
        values(StackRef("shop", "dev")),
        {"controller": {"description": OURS.id}},
        {},
        None,
    ],
)
def test_a_release_whose_values_do_not_name_the_stack_by_name_and_id_is_somebody_elses(config: Any) -> None:
    server = PaperApiServer()
    record(server, "pending-install", config)

    assert forgotten(server) == set()


@pytest.mark.parametrize("data", ["", "AAAA", "%", base64.b64encode(b"%").decode(), packed([1])[:40]])
def test_a_secret_that_is_no_record_stays(data: str) -> None:
    server = PaperApiServer()
    record(server, "pending-install", None, data=data)

    assert forgotten(server) == set()


def test_only_the_stacks_of_several_goes() -> None:
    server = PaperApiServer()
    record(server, "pending-install", values(StackRef("shop", "prod", "0123456789ab")), "theirs")
    path = record(server, "pending-install", values(OURS))

    assert forgotten(server) == {path}


def test_a_release_of_the_stack_is_forgotten_with_all_its_revisions_and_those_of_others_are_not() -> None:
    server = PaperApiServer()
    path = record(server, "deployed", values(OURS), name="longhorn")
    server.objects[path.replace(".v1.longhorn.v1", ".v1.longhorn.v2")] = {
        **server.objects[path],
        "metadata": {**server.objects[path]["metadata"], "name": "sh.helm.release.v1.longhorn.v2"},
    }
    others = record(server, "deployed", values(OURS))
    said: list[str] = []

    helm_records.forget_release(server, OURS, "longhorn", "longhorn", said.append)

    assert {*server.objects} == {others}
    assert len(said) == 2


@pytest.mark.parametrize("config", [values(StackRef("shop", "dev", "5fac1d000002")), {}, None])
def test_a_release_that_somebody_else_installed_under_its_name_keeps_its_record(config: Any) -> None:
    server = PaperApiServer()
    path = record(server, "deployed", config, name="longhorn")

    helm_records.forget_release(server, OURS, "longhorn", "longhorn", lambda line: None)

    assert {*server.objects} == {path}
