"""Webhooks that lock a cluster: which they are, that exactly these are set aside, and that they are given back."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.teardown.cluster import webhooks
from components.teardown.cluster.api_server import Refused
from components.teardown.errors import TeardownError
from tests.teardown.paper_api_server import PaperApiServer

GONE, READY, CRASHED, OUTSIDE = (
    {"service": {"namespace": "policy", "name": name}} for name in ("gone", "ready", "crashed", "outside")
)
URL = {"url": "https://127.0.0.1:1/"}


def silently(line: str) -> None:
    """Says nothing."""


@pytest.fixture
def server() -> PaperApiServer:
    return world()


def world() -> PaperApiServer:
    """A cluster with a Service of each kind but the one that is gone."""
    made = PaperApiServer()
    made.answering("ready")
    made.answering("crashed", ready=False)
    made.answering("outside", ready=False, type="ExternalName")
    return made


def test_a_webhook_locks_the_cluster_whose_service_is_gone_or_has_no_ready_endpoint(server: PaperApiServer) -> None:
    server.webhooks("kyverno", gone=GONE, crashed=CRASHED, ready=READY, outside=OUTSIDE, url=URL)
    server.webhooks("fine", ready=READY)

    (found,) = webhooks.unanswered(server)

    assert found.name == "ValidatingWebhookConfiguration kyverno"
    assert found.services == {"gone": "policy/gone", "crashed": "policy/crashed"}
    assert found.reason == "Service policy/crashed, policy/gone of its webhooks has no ready endpoint"


def test_an_endpoint_that_does_not_say_whether_it_is_ready_is(server: PaperApiServer) -> None:
    server.answering("unsaid", ready=None)
    server.webhooks(unsaid={"service": {"namespace": "policy", "name": "unsaid"}})

    assert webhooks.unanswered(server) == []


CLIENTS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.sampled_from([GONE, READY, CRASHED, OUTSIDE, URL]), st.sampled_from(["Fail", "Ignore"])),
    max_size=4,
)


@given(st.dictionaries(st.tuples(st.sampled_from(["validating", "mutating"]), st.sampled_from("xy")), CLIENTS))
def test_exactly_what_locks_the_cluster_is_set_aside_and_given_back_as_it_was(
    configurations: dict[tuple[str, str], dict[str, tuple[Any, str]]],
) -> None:
    server = world()
    for (kind, name), clients in configurations.items():
        path = server.webhooks(name, kind, **{webhook: client for webhook, (client, _) in clients.items()})
        for one in server.objects[path]["webhooks"]:
            one["failurePolicy"] = clients[one["name"]][1]
            one["rules"] = [{"resources": ["*"]}]
        server.objects[path]["metadata"]["annotations"] = {"theirs": "stays"}
    before = copy.deepcopy(server.objects)

    webhooks.set_aside(server, 0, silently)

    assert webhooks.unanswered(server) == []
    for (kind, name), clients in configurations.items():
        path = f"/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations/{name}"
        locking = {webhook for webhook, (client, _) in clients.items() if client in (GONE, CRASHED)}
        expected = {webhook: "Ignore" if webhook in locking else policy for webhook, (_, policy) in clients.items()}
        assert server.policies(path) == expected
    assert webhooks.set_aside(server, 0, silently) == []

    webhooks.give_back(server, silently)

    assert server.objects == before
    webhooks.give_back(server, silently)
    assert server.objects == before


def test_one_that_dies_after_another_of_its_configuration_is_set_aside_too_and_both_are_given_back(
    server: PaperApiServer,
) -> None:
    path = server.webhooks(gone=GONE, ready=READY)
    webhooks.set_aside(server, 0, silently)
    server.answering("ready", ready=False)
    webhooks.set_aside(server, 0, silently)
    assert server.policies(path) == {"gone": "Ignore", "ready": "Ignore"}

    webhooks.give_back(server, silently)

    assert server.policies(path) == {"gone": "Fail", "ready": "Fail"}


def test_a_webhook_that_its_owner_took_away_meanwhile_stays_away(server: PaperApiServer) -> None:
    path = server.webhooks(gone=GONE, crashed=CRASHED)
    webhooks.set_aside(server, 0, silently)
    server.objects[path]["webhooks"].pop()

    webhooks.give_back(server, silently)

    assert server.policies(path) == {"gone": "Fail"}


def test_a_service_that_gets_an_endpoint_in_time_keeps_its_webhook(server: PaperApiServer, said: list[str]) -> None:
    path = server.webhooks(crashed=CRASHED)

    def starts_again(line: str) -> None:
        said.append(line)
        server.answering("crashed")

    assert webhooks.set_aside(server, 60, starts_again) == []
    assert server.policies(path) == {"crashed": "Fail"}
    assert said == [
        "waiting: ValidatingWebhookConfiguration policy locks the cluster: "
        "Service policy/crashed of its webhooks has no ready endpoint"
    ]


def test_one_that_may_not_be_changed_is_said_and_does_not_stop_the_drain(
    server: PaperApiServer, said: list[str]
) -> None:
    path = server.webhooks(gone=GONE)
    server.refusals = {f"PATCH {path}": "you may not"}

    assert webhooks.set_aside(server, 0, said.append) == []
    assert said[-1] == "ValidatingWebhookConfiguration policy cannot be set aside: you may not"


def test_a_cluster_that_refuses_a_change_is_told_in_one_line_with_who_locks_it(server: PaperApiServer) -> None:
    server.webhooks(gone=GONE)

    with pytest.raises(TeardownError) as told, webhooks.explained(server, "c"):
        raise Refused(500, 'failed calling webhook "gone"')

    assert str(told.value).startswith(
        'cluster c refuses to be changed: failed calling webhook "gone"; ValidatingWebhookConfiguration policy locks '
        "it: Service policy/gone of its webhooks has no ready endpoint. Next: "
    )
    assert "\n" not in str(told.value)
