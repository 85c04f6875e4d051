"""Whatever is sent, it is answered with a refusal or taken whole, and everybody's lists go on working."""

import json
from typing import Any

import pytest
import requests
from exoscale_auth import ExoscaleV2Auth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.api.gateway import MAX_BODY_BYTES
from sandbox.api.openapi import MAX_DEPTH
from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient
from tests.sandbox.conftest import KEY, SECRET

KINDS = (
    *("security-group", "anti-affinity-group", "load-balancer", "block-storage"),
    *("elastic-ip", "private-network", "iam-role", "instance", "instance-pool", "dns-domain"),
)
LONGEST_ANSWER = 4096
NAMES = (
    *("id", "state", "name", "description", "labels", "size", "ip", "_zone", "_organization", "services", "rules"),
    *("start-ip", "netmask", "healthcheck", "addressfamily", "policy", "editable", "leases", "manager", "unicode-name"),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 50) | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
BODIES = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), VALUES, max_size=6)


def post(api: ApiServer, kind: str, body: bytes) -> requests.Response:
    return requests.post(
        f"{api.url}/v2/{kind}",
        data=body,
        headers={"Content-Type": "application/json"},
        auth=ExoscaleV2Auth(KEY, SECRET),
        timeout=10,
    )


def listed(client: SandboxClient) -> list[dict[str, Any]]:
    """All that there is of these kinds."""
    answers = [
        client.list_security_groups(),
        client.list_anti_affinity_groups(),
        client.list_load_balancers(),
        client.list_block_storage_volumes(),
        client.list_elastic_ips(),
        client.list_private_networks(),
        client.list_iam_roles(),
        client.list_dns_domains(),
        client.list_instances(),
        client.list_instance_pools(),
    ]
    return [item for answer in answers for items in answer.values() for item in items]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KINDS), BODIES)
def test_a_made_up_body_breaks_nothing(api: ApiServer, client: SandboxClient, kind: str, body: dict[str, Any]) -> None:
    before = {item["id"]: item for item in listed(client)}

    answer = post(api, kind, json.dumps(body).encode())

    assert answer.status_code in (200, 400, 409)
    after = {item["id"]: item for item in listed(client)}
    assert before.keys() <= after.keys()
    assert len(after) == len(before) + (answer.status_code == 200)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "half of a \\ud800 pair"}',
        b'{"name": "\xff"}',
        b'{"name": NaN}',
        b"{",
        b"[]",
        b'"a"',
        b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name": "a", "x": ' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
        b'{"size": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_a_body_that_is_no_plain_json_object_is_refused(api: ApiServer, client: SandboxClient, body: bytes) -> None:
    answer = post(api, "security-group", body)

    assert answer.status_code == 400
    assert len(answer.content) < LONGEST_ANSWER
    assert [group["name"] for group in client.list_security_groups()["security-groups"]] == ["default"]


def test_a_body_nested_as_deeply_as_a_client_may_is_read(api: ApiServer) -> None:
    inner: Any = 1
    for _ in range(MAX_DEPTH - 1):
        inner = [inner]

    assert post(api, "security-group", json.dumps({"name": "deep", "unknown": inner}).encode()).status_code == 200


def test_a_body_that_is_too_long_is_refused_and_not_repeated(api: ApiServer) -> None:
    too_long = json.dumps({"name": "a" * MAX_BODY_BYTES}).encode()

    answer = post(api, "security-group", too_long)

    assert answer.status_code == 413
    assert len(answer.content) < LONGEST_ANSWER


def test_a_long_value_is_not_repeated_whole(api: ApiServer) -> None:
    answer = post(api, "security-group", json.dumps({"name": "a" * 100_000}).encode())

    assert answer.status_code == 400
    assert len(answer.content) < LONGEST_ANSWER


def test_nobody_chooses_the_id_or_the_state_of_what_he_makes(api: ApiServer, client: SandboxClient) -> None:
    mine = client.wait(client.create_security_group(name="mine")["id"])["reference"]["id"]

    body = {"name": "yours", "id": mine, "_zone": "mars", "rules": "poison"}
    made = post(api, "security-group", json.dumps(body).encode()).json()["reference"]["id"]

    assert made != mine
    groups = {group["id"]: group["name"] for group in client.list_security_groups()["security-groups"]}
    assert (groups[mine], groups[made]) == ("mine", "yours")
