"""The official document: matching and validation, without HTTP."""

import json
from typing import Any

import pytest

from sandbox.api.errors import BadRequest
from sandbox.api.openapi import InvalidAnswer, OpenApi, official

ID = "2f9ec3b2-0a1e-4b0c-9d9a-0d9d2c1b7e11"
SERVICE = "5d1d8f1e-6c1b-4a39-8a7e-3c8d8f5b2a10"


def checked(operation_id: str, body: Any = None, path: dict[str, str] | None = None, query: str = "") -> dict[str, Any]:
    """The body of a request as the handler gets it."""
    pairs = [tuple(pair.split("=")) for pair in query.split("&") if pair]
    raw = b"" if body is None else json.dumps(body).encode()
    return official().request(official().operations[operation_id], path or {}, pairs, raw)[1]  # type: ignore[arg-type]


def refused(operation_id: str, body: Any = None, path: dict[str, str] | None = None, query: str = "") -> list[str]:
    """What is wrong with a request."""
    with pytest.raises(BadRequest) as caught:
        checked(operation_id, body, path, query)
    assert caught.value.status == 400
    return caught.value.errors


@pytest.mark.parametrize(
    ("request_line", "operation", "parameters"),
    [
        ("GET /zone", "list-zones", {}),
        ("GET /instance-pool/1", "get-instance-pool", {"id": "1"}),
        ("PUT /instance-pool/1:scale", "scale-instance-pool", {"id": "1"}),
        ("PUT /sks-cluster/1/nodepool/2:evict", "evict-sks-nodepool-members", {"id": "1", "sks-nodepool-id": "2"}),
        ("GET /load-balancer/1/service/2", "get-load-balancer-service", {"id": "1", "service-id": "2"}),
        ("DELETE /load-balancer/1/service/2", "delete-load-balancer-service", {"id": "1", "service-id": "2"}),
        ("DELETE /load-balancer/1/labels", "reset-load-balancer-field", {"id": "1", "field": "labels"}),
        ("get /quota/a%2Fb", "get-quota", {"entity": "a/b"}),
    ],
)
def test_each_path_is_one_operation(request_line: str, operation: str, parameters: dict[str, str]) -> None:
    found = official().match(*request_line.split(" "))  # type: ignore[arg-type]
    assert found
    assert (found[0].id, found[1]) == (operation, parameters)


def test_every_operation_of_the_document_is_found_at_its_own_path() -> None:
    for operation in official().operations.values():
        path = operation.template
        for name in operation.names:
            path = path.replace(f"{{{name}}}", "x")
        found = official().match(operation.method, path)
        assert found
        assert found[0].id == operation.id


@pytest.mark.parametrize("paths", [["/x/{id}/{field}", "/x/{id}/all"], ["/x/{id}/all", "/x/{id}/{field}"]])
def test_a_more_specific_path_wins_whatever_the_order_of_the_document(paths: list[str]) -> None:
    document = OpenApi({"paths": {path: {"get": {"operationId": path}} for path in paths}})
    for path, operation in (("/x/1/all", "/x/{id}/all"), ("/x/1/one", "/x/{id}/{field}")):
        found = document.match("GET", path)
        assert found
        assert found[0].id == operation


@pytest.mark.parametrize(
    "request_line", ["GET /nothing", "POST /zone", "GET /instance-pool/1:explode", "GET /zone/", "GET zone", "GET /"]
)
def test_what_is_not_in_the_document_is_no_operation(request_line: str) -> None:
    assert official().match(*request_line.split(" ")) is None  # type: ignore[arg-type]


def test_a_valid_body_reaches_the_handler_unchanged() -> None:
    assert checked("create-security-group", {"name": "mine"}) == {"name": "mine"}


def test_a_body_that_is_missing_or_no_object_is_refused() -> None:
    assert refused("create-security-group") == ["body: required"]
    assert refused("create-security-group", [1]) == ["body: not an object"]


def test_a_body_that_is_not_json_is_refused() -> None:
    with pytest.raises(BadRequest, match="not JSON"):
        official().request(official().operations["create-security-group"], {}, [], b"{")


def test_every_error_of_a_body_is_reported_with_its_place() -> None:
    errors = refused("create-sks-cluster", {"name": "", "level": "gold", "addons": ["ccm"]})
    assert [error.partition(":")[0] for error in errors] == ["addons.0", "body", "level", "name"]
    assert "'version' is a required property" in errors[1]


def test_formats_and_limits_are_checked() -> None:
    path = {"id": ID}
    pool = {"name": "p", "size": 1, "disk-size": 19, "instance-type": {"id": "small"}}
    errors = refused("create-sks-nodepool", pool, path)
    assert [error.partition(":")[0] for error in errors] == ["disk-size", "instance-type.id"]


def test_path_and_query_parameters_are_checked() -> None:
    assert refused("get-instance", path={"id": "x"}) == ["id: 'x' is not a 'uuid'"]
    path = {"kube-version": "1.35.0", "variant": "arm"}
    assert "variant" in refused("get-active-nodepool-template", path=path)[0]
    assert "manager-id" in refused("list-instances", query="manager-id=x&manager-type=instance-pool")[0]
    checked("list-instances", query=f"manager-id={ID}&manager-type=instance-pool&unknown=1")


@pytest.mark.parametrize(
    ("operation", "path", "body"),
    [
        ("update-sks-cluster", {"id": ID}, {"name": "n", "oidc": None, "feature-gates": None}),
        ("update-sks-nodepool", {"id": ID, "sks-nodepool-id": SERVICE}, {"name": "n", "deploy-target": None}),
    ],
)
def test_null_means_not_given_where_the_go_clients_cannot_omit_a_key(
    operation: str, path: dict[str, str], body: dict[str, Any]
) -> None:
    assert checked(operation, body, path) == {"name": "n"}


def test_null_is_refused_where_the_document_does_not_allow_it() -> None:
    assert any(error.startswith("name:") for error in refused("create-security-group", {"name": None}))


def test_a_nested_null_is_left_out_too() -> None:
    rule = {"flow-direction": "ingress", "protocol": "icmp", "icmp": {"type": 8, "code": None}}
    assert checked("add-rule-to-security-group", rule, {"id": ID})["icmp"] == {"type": 8}


def test_an_answer_that_fits_passes() -> None:
    official().answer(official().operations["get-security-group"], {"id": ID, "name": "mine"})


def test_an_answer_that_does_not_fit_names_the_operation_and_the_place_in_the_schema() -> None:
    operation = official().operations["list-security-groups"]
    with pytest.raises(InvalidAnswer, match=r"list-security-groups at 'security-groups/0/id' breaks '.*/id/format'"):
        official().answer(operation, {"security-groups": [{"id": "x"}]})


def test_the_schema_of_every_operation_compiles() -> None:
    for operation in official().operations.values():
        if "content" in operation.definition["responses"].get("200", {}):
            try:
                official().answer(operation, {})
            except InvalidAnswer as error:
                assert operation.id in str(error)  # noqa: PT017 - most accept {}, some have required keys
