"""What the sandbox says of its own limits is true: the answer to every operation, and the page docs/fidelity.md."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from exoscale_auth import ExoscaleV2Auth

from sandbox.api.openapi import official
from sandbox.api.routes import HANDLERS
from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient
from tests.compare import record
from tests.compare.clients import Client
from tests.compare.record import Row
from tests.compare.states import differences
from tests.compare.watch import watched
from tests.sandbox.conftest import KEY, SECRET
from tests.sandbox.sks_bench import NOWHERE

ROW = Row("2026-01-01", "exo", "1", calls=9, passed=3, failed=0, missing="create-instance")


def test_every_operation_that_is_not_served_is_a_501_that_names_it(api: ApiServer) -> None:
    missing = [each for each in official().operations.values() if each.id not in HANDLERS]
    assert missing
    with requests.Session() as session:
        session.auth = ExoscaleV2Auth(KEY, SECRET)
        for operation in missing:
            path = re.sub(r"\{[^}]+\}", NOWHERE, operation.template)
            answer = session.request(operation.method, f"{api.url}/v2{path}", timeout=10)
            assert (answer.status_code, operation.id in answer.json()["message"]) == (501, True), operation.id


def test_the_page_is_what_the_record_and_the_operations_make_of_it() -> None:
    assert record.PAGE.read_text() == record.page(record.read()), "run `.venv/bin/python -m tests.compare --page`"


def test_a_record_is_read_as_it_was_written_and_keeps_the_newest_of_each_client(tmp_path: Path) -> None:
    file = tmp_path / "record.csv"
    newer, other = replace(ROW, date="2026-02-01", failed=1), replace(ROW, client="terraform", missing="")
    record.write([ROW, other], file)
    record.write([newer], file)
    assert record.read(file) == [newer, other]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({}, []),
        ({"missing": ""}, []),
        ({"missing": "create-instance create-vpc"}, ["exo: create-vpc is answered 501"]),
        ({"failed": 2}, ["exo: failed 2, 0 on record"]),
        ({"differences": 1}, ["exo: differences 1, 0 on record"]),
        ({"client": "never seen before", "failed": 2}, []),
    ],
)
def test_what_a_client_did_not_find_before_is_news(now: dict[str, Any], said: list[str]) -> None:
    assert record.worse({"exo": ROW}, replace(ROW, **now)) == said


def test_what_a_client_asks_is_counted_with_what_it_did_not_get(client: SandboxClient) -> None:
    with watched() as asked:
        client.list_zones()
        with pytest.raises(Exception, match="501"):
            client.list_vpcs()
    assert asked.calls >= 2
    assert list(asked.missing) == ["list-vpcs"]
    assert not asked.bugs


def test_a_client_goes_on_after_a_command_that_failed(tmp_path: Path) -> None:
    client = Client("sh", ("-c", "echo 1.2"), (("-c", "exit 3"), ("-c", "cat there")), {"there": "yes"})
    assert client.is_here
    assert client.told_version() == "1.2"
    assert [(step.passed, step.said) for step in client.run(tmp_path, {})] == [(False, ""), (True, "yes")]
    assert not replace(client, name="no-such-client").is_here


def test_a_client_is_shown_no_key_but_the_sandboxs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXOSCALE_KEY", "EXOreal")
    client = Client("sh", ("-c", "true"), (("-c", 'test -z "$EXOSCALE_KEY" && test "$EXOSCALE_API_KEY" = ours'),), {})
    assert [step.passed for step in client.run(tmp_path, {"EXOSCALE_API_KEY": "ours"})] == [True]


def state(outputs: dict[str, Any], urn: str = "urn:a") -> dict[str, Any]:
    return {"resources": [{"urn": urn, "type": "exoscale:t", "inputs": {}, "outputs": outputs}]}


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ({"a": None}, {}, ["exoscale:t outputs.a: None != nothing"]),
        ({"a": {"b": [1]}}, {"a": {"b": [2]}}, ["exoscale:t outputs.a.b[0]: 1 != 2"]),
        ({"a": []}, {"a": [1]}, ["exoscale:t outputs.a: [] != [1]"]),
        ({"id": NOWHERE}, {"id": "00000000-0000-4000-8000-000000000001"}, []),
        ({"ip": "192.0.2.1"}, {"ip": "192.0.2.200"}, []),
    ],
)
def test_two_states_differ_in_what_is_not_of_each_run(
    ours: dict[str, Any], theirs: dict[str, Any], said: list[str]
) -> None:
    assert differences(state(ours), state(theirs)) == said


def test_a_resource_that_only_one_state_has_is_a_difference() -> None:
    assert differences(state({}), {"resources": []}) == ["urn:a: in one state only"]
