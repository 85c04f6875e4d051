"""Reaching the account: with which key, of which organisation, and how failures read."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from exoscale.api.exceptions import ExoscaleAPIAuthException, ExoscaleAPIException, ExoscaleAPIServerException

from components.teardown.cloud.account import (
    Account,
    AnotherOrganization,
    NotFound,
    Organization,
    accounts,
    connect,
    refuse_another,
)
from components.teardown.cloud.api_key import CONFIG, ApiKey
from components.teardown.errors import OperationFailed, TeardownError
from sandbox.api.organization import new_key
from tests.teardown.paper import ACME, GLOBEX, OURS, ZONE, PaperAccount
from tests.teardown.world import World

ENDPOINT = "https://api-ch-gva-2.exoscale.com/v2"


@pytest.fixture(scope="module")
def unreached() -> Account:
    """An account whose API nobody calls."""
    return Account(ApiKey("EXO1", "hush", "EXOSCALE_API_KEY"), ENDPOINT)


def answered(status: int, body: object) -> requests.Response:
    made = requests.Response()
    made.status_code, made._content = status, json.dumps(body).encode()
    return made


def failing(error: Exception) -> Callable[..., dict[str, Any]]:
    def method(**_: object) -> dict[str, Any]:
        raise error

    return method


def test_a_key_finds_its_own_organisation_and_no_other_is_let_near_the_stacks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.cluster(OURS)
    home = connect(ZONE).organization()
    assert home.name == "sandbox"
    assert connect(ZONE, "dev", home).organization() == home

    key, secret = new_key(world.cloud, "theirs", "globex")
    monkeypatch.setenv("EXOSCALE_API_KEY", key)
    monkeypatch.setenv("EXOSCALE_API_SECRET", secret)

    theirs = connect(ZONE)
    assert theirs.call(theirs.list_sks_clusters) == {"sks-clusters": []}, "which is why nothing is asked before this"
    with pytest.raises(AnotherOrganization, match=f"dev lives in organisation sandbox .*{home.id}.* is of globex"):
        connect(ZONE, "dev", home)
    with pytest.raises(TeardownError, match=r'zone is "mars"; allowed: at-vie-1, '):
        accounts(zones=["mars"])


def test_an_operation_is_waited_for_until_it_succeeded_or_said_why_not(
    unreached: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.teardown.cloud.account.time.sleep", lambda seconds: None)
    states = iter(["pending", "pending", "success"])
    monkeypatch.setattr(unreached, "get_operation", lambda id: {"id": id, "state": next(states)})
    pending = {"id": "the-operation", "state": "pending"}

    assert unreached.finish(lambda: pending)["state"] == "success"

    failed = {"id": "the-operation", "state": "failure", "message": "Locked by NLB"}
    with pytest.raises(OperationFailed, match=r"^Exoscale did not do it: Locked by NLB$"):
        unreached.finish(lambda: failed)
    with pytest.raises(OperationFailed, match="the-operation is still pending after 0 s"):
        unreached.finish(lambda: pending, seconds=0)


def test_what_is_not_there_is_told_from_every_other_refusal(unreached: Account) -> None:
    with pytest.raises(NotFound, match=r"^no such volume$"):
        unreached.call(failing(ExoscaleAPIException("x", answered(404, {"message": "no such volume"}))))
    with pytest.raises(TeardownError, match=r"^Exoscale answers 503: overloaded$") as refused:
        unreached.call(failing(ExoscaleAPIServerException("x", answered(503, {"message": "overloaded"}))))
    assert not isinstance(refused.value, NotFound)


def test_a_key_that_is_refused_is_named_with_what_to_set_and_a_role_that_forbids_is_not_blamed_on_it(
    unreached: Account,
) -> None:
    refused = failing(ExoscaleAPIAuthException("x", answered(403, {"message": "Invalid signature"})))
    with pytest.raises(TeardownError, match=r"refuses the API key EXO1: Invalid signature; set EXOSCALE_API_KEY and"):
        unreached.call(refused)
    with pytest.raises(TeardownError, match=r"^Exoscale answers 403: Forbidden by role policy$"):
        unreached.call(failing(ExoscaleAPIAuthException("x", answered(403, {"message": "Forbidden by role policy"}))))
    with pytest.raises(TeardownError, match=r"pulumi config set --secret exoscale:key and its secret"):
        Account(ApiKey("EXO2", "hush", CONFIG[0]), ENDPOINT).call(refused)


def test_an_api_that_cannot_be_reached_says_why_in_one_line(unreached: Account) -> None:
    try:
        raise requests.ConnectionError("four wrappers") from ConnectionRefusedError("refused")
    except requests.ConnectionError as error:
        wrapped = error
    with pytest.raises(TeardownError) as told:
        unreached.call(failing(wrapped))

    assert str(told.value).startswith(f"{ENDPOINT} cannot be reached: ")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("endpoint", "whom"),
    [
        (ENDPOINT, "Exoscale"),
        ("http://127.0.0.1:8080/zone/ch-gva-2/v2", "the sandbox at 127.0.0.1:8080"),
        ("https://api.example:8080/v2", "the API at api.example:8080"),
        ("https://api-ch-gva-2.exoscale.com.evil.example/v2", "the API at api-ch-gva-2.exoscale.com.evil.example"),
    ],
)
def test_who_answers_is_named_as_what_it_is(endpoint: str, whom: str) -> None:
    assert Account(ApiKey("EXO1", "hush", "EXOSCALE_API_KEY"), endpoint).whom == whom


def test_organisations_are_compared_by_id_for_names_change() -> None:
    refuse_another(PaperAccount(), Organization(ACME.id, "an older name"), "dev")

    with pytest.raises(AnotherOrganization) as refused:
        refuse_another(PaperAccount(organization=GLOBEX), ACME, "dev")
    assert str(refused.value) == (
        "stack dev lives in organisation acme (org-1), and the API key EXO1 is of globex (org-2): nothing was read or "
        "changed. Next: set a key of acme"
    )
