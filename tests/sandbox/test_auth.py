"""Signatures, made by the official client's own code and then spoiled."""

import time
from collections.abc import Callable

import pytest
import requests
from exoscale.api.exceptions import ExoscaleAPIAuthException
from exoscale_auth import ExoscaleV2Auth

from sandbox.api.auth import MAX_LIFE_SECONDS
from sandbox.api.server import ApiServer
from sandbox.client import SandboxClient
from sandbox.cloud import Cloud

REFUSAL = {"message": "unable to verify user credentials and/or request signature"}
Send = Callable[[requests.PreparedRequest], requests.Response]


@pytest.fixture
def signed(api: ApiServer) -> Callable[..., requests.PreparedRequest]:
    """Makes a request that the official code signed."""

    def make(method: str, path: str, **options: object) -> requests.PreparedRequest:
        auth = ExoscaleV2Auth("EXOtest", "the-secret")
        return requests.Request(method, f"{api.url}{path}", auth=auth, **options).prepare()  # type: ignore[arg-type]

    return make


@pytest.fixture
def send() -> Send:
    def now(request: requests.PreparedRequest) -> requests.Response:
        with requests.Session() as session:
            return session.send(request, timeout=10)

    return now


def assert_refused(answer: requests.Response) -> None:
    assert answer.status_code == 403
    assert answer.json() == REFUSAL


def test_a_signed_request_is_served(client: SandboxClient) -> None:
    assert client.list_anti_affinity_groups() == {"anti-affinity-groups": []}


def test_the_zone_prefix_is_part_of_what_is_signed(
    signed: Callable[..., requests.PreparedRequest], api: ApiServer, send: Send
) -> None:
    request = signed("GET", "/zone/de-fra-1/v2/security-group")
    assert send(request).status_code == 200
    request.url = f"{api.url}/zone/at-vie-1/v2/security-group"
    assert_refused(send(request))


def test_a_wrong_secret_is_refused(connected: Callable[..., SandboxClient]) -> None:
    with pytest.raises(ExoscaleAPIAuthException, match="unable to verify user credentials"):
        connected(secret="another").list_security_groups()


def test_an_unknown_key_is_refused(connected: Callable[..., SandboxClient]) -> None:
    with pytest.raises(ExoscaleAPIAuthException):
        connected(key="EXOnobody").list_security_groups()


def test_an_unsigned_request_is_refused(api: ApiServer) -> None:
    assert_refused(requests.get(f"{api.url}/v2/security-group", timeout=10))


@pytest.mark.parametrize(
    "header",
    [
        "Basic RVhPdGVzdDp0aGUtc2VjcmV0",
        "EXO2-HMAC-SHA256",
        "EXO2-HMAC-SHA256 credential=EXOtest",
        "EXO2-HMAC-SHA256 credential=EXOtest,expires=,signature=",
        "EXO2-HMAC-SHA256 credential=EXOtest,expires=²,signature=é",
        "EXO2-HMAC-SHA256 ,,==",
    ],
)
def test_a_malformed_header_is_refused_and_breaks_nothing(api: ApiServer, header: str) -> None:
    headers = {"Authorization": header.encode()}
    assert_refused(requests.get(f"{api.url}/v2/security-group", headers=headers, timeout=10))


def test_a_changed_body_is_refused(signed: Callable[..., requests.PreparedRequest], send: Send, cloud: Cloud) -> None:
    request = signed("POST", "/v2/security-group", json={"name": "mine"})
    request.body = b'{"name": "evil"}'
    assert_refused(send(request))
    assert cloud.store.list("security-group") == []


def test_a_changed_method_is_refused(signed: Callable[..., requests.PreparedRequest], send: Send) -> None:
    request = signed("GET", "/v2/security-group/2f9ec3b2-0a1e-4b0c-9d9a-0d9d2c1b7e11")
    request.method = "DELETE"
    assert_refused(send(request))


def test_signed_query_arguments_are_served(signed: Callable[..., requests.PreparedRequest], send: Send) -> None:
    params = {"visibility": "public", "family": "linux a+b&c=é"}
    assert send(signed("GET", "/v2/template", params=params)).json() == {"templates": []}


def test_a_changed_query_is_refused(signed: Callable[..., requests.PreparedRequest], send: Send) -> None:
    request = signed("GET", "/v2/security-group", params={"visibility": "private"})
    assert request.url
    request.url = request.url.replace("private", "public")
    assert_refused(send(request))


def test_an_added_query_argument_is_refused(signed: Callable[..., requests.PreparedRequest], send: Send) -> None:
    request = signed("GET", "/v2/security-group")
    request.url = f"{request.url}?visibility=public"
    assert_refused(send(request))


def test_a_query_argument_that_the_header_does_not_list_is_refused(
    signed: Callable[..., requests.PreparedRequest], send: Send
) -> None:
    request = signed("GET", "/v2/security-group", params={"visibility": "private"})
    header = request.headers["Authorization"]
    assert ",signed-query-args=visibility," in header
    request.headers["Authorization"] = header.replace(",signed-query-args=visibility", "")
    assert_refused(send(request))


def test_blank_and_repeated_arguments_are_as_the_official_code_signs_them(
    signed: Callable[..., requests.PreparedRequest], send: Send
) -> None:
    assert send(signed("GET", "/v2/template?family=&visibility=public")).status_code == 200
    assert send(signed("GET", "/v2/template?visibility=public&family=a&family=b")).status_code == 200


def test_an_expired_signature_is_refused(
    signed: Callable[..., requests.PreparedRequest], send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now - 3600)
        request = signed("GET", "/v2/security-group")
    assert_refused(send(request))


def test_a_signature_that_is_good_for_too_long_is_refused(
    signed: Callable[..., requests.PreparedRequest], send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now + 2 * MAX_LIFE_SECONDS)
        request = signed("GET", "/v2/security-group")
    assert_refused(send(request))


def test_the_expiry_cannot_be_pushed_back(signed: Callable[..., requests.PreparedRequest], send: Send) -> None:
    request = signed("GET", "/v2/security-group")
    expires = request.headers["Authorization"].partition("expires=")[2].partition(",")[0]
    request.headers["Authorization"] = request.headers["Authorization"].replace(expires, str(int(expires) + 3600))
    assert_refused(send(request))


def test_an_expired_key_is_refused(client: SandboxClient, cloud: Cloud) -> None:
    key = cloud.store.get("api-key", "EXOtest")
    assert key
    cloud.store.put("api-key", {**key, "_expires": cloud.clock.now() + 60})
    client.list_security_groups()
    cloud.store.put("api-key", {**key, "_expires": cloud.clock.now()})
    with pytest.raises(ExoscaleAPIAuthException):
        client.list_security_groups()


def test_a_colon_in_the_path_is_signed_and_routed_bare(client: SandboxClient, settle: Callable[..., str]) -> None:
    group = settle(client.create_security_group(name="colon"))
    settle(client.add_external_source_to_security_group(id=group, cidr="10.0.0.0/8"))
    assert client.get_security_group(id=group)["external-sources"] == ["10.0.0.0/8"]


def test_the_zones_are_listed_without_a_signature_but_never_with_a_bad_one(api: ApiServer) -> None:
    url = f"{api.url}/v2/zone"
    assert requests.get(url, timeout=10).status_code == 200
    assert requests.get(url, auth=ExoscaleV2Auth("EXOtest", "the-secret"), timeout=10).status_code == 200
    assert_refused(requests.get(url, auth=ExoscaleV2Auth("EXOtest", "another"), timeout=10))
    assert_refused(requests.get(url, auth=ExoscaleV2Auth("EXOnobody", "the-secret"), timeout=10))
