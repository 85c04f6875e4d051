"""The NLB that the cloud controller manager made for the ingress and lost sight of."""

from typing import Any

import pytest

from components.teardown import steps
from components.teardown.cluster.api_server import Unreachable
from components.teardown.cluster.services import BALANCER
from components.teardown.leftover import remove_leftover
from components.teardown.subject import Subject
from tests.teardown.paper import NAMESAKE, NEIGHBOUR, OURS, SUBJECT, ZONE, PaperAccount
from tests.teardown.paper_api_server import PaperApiServer

NAME, PREFIX = OURS.name("ccm"), BALANCER.removesuffix("id")


@pytest.fixture
def pool(account: PaperAccount) -> str:
    return account.pool()


@pytest.fixture
def server(account: PaperAccount, monkeypatch: pytest.MonkeyPatch) -> PaperApiServer:
    made = PaperApiServer()
    monkeypatch.setattr(steps, "reach", lambda *_: made)
    monkeypatch.setattr(Subject, "accounts", lambda self: {ZONE: account})
    return made


@pytest.mark.parametrize("more", [{}, {"description": OURS.describe("Load balancer", "alice")}])
def test_it_goes_by_its_name_and_what_proves_that_it_is_the_stacks(
    account: PaperAccount, server: PaperApiServer, pool: str, more: dict[str, Any]
) -> None:
    """Without a service in it, all that is left is the description that the manager copied."""
    left = account.balancer(*([] if more else [pool]), name=NAME, **more)
    account.balancer(pool, name=OURS.name("ingress"), owner=OURS)
    account.balancer(pool, name="k8s-of-a-user")

    steps.remove_leftover_balancer(SUBJECT, "cluster-1", print)

    assert account.changes == [f"delete_load_balancer {left}"]


@pytest.mark.parametrize("annotation", ["id", "name"])
def test_it_stays_as_long_as_a_service_holds_it(
    account: PaperAccount, server: PaperApiServer, pool: str, annotation: str
) -> None:
    left = account.balancer(pool, name=NAME)
    server.service("some-uid")
    held = {f"{PREFIX}{annotation}": {"id": left, "name": NAME}[annotation]}
    server.objects["/api/v1/namespaces/shop/services/web"]["metadata"]["annotations"] = held

    steps.remove_leftover_balancer(SUBJECT, "cluster-1", print)

    assert account.changes == []


def test_it_stays_where_the_cluster_does_not_say_whether_a_service_holds_it(
    account: PaperAccount, server: PaperApiServer, pool: str, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    def silent(*_: object) -> None:
        raise Unreachable("nobody there")

    monkeypatch.setattr(steps, "reach", silent)
    account.balancer(pool, name=NAME)

    steps.remove_leftover_balancer(SUBJECT, "cluster-1", said.append)

    assert account.changes == []
    assert said == ["nobody there, so an NLB that it made for the ingress stays, if there is one"]


def test_one_that_is_anothers_or_partly_anothers_or_that_nothing_proves_stays(account: PaperAccount, pool: str) -> None:
    account.balancer(name=NAME)
    account.balancer(account.pool(NEIGHBOUR), name=NAME)
    account.balancer(pool, account.pool(NEIGHBOUR), name=NAME)
    account.balancer(name=NAME, description=NAMESAKE.describe("Load balancer", "alice"))

    assert remove_leftover(account, SUBJECT, [], print) == []  # type: ignore[arg-type]
    assert account.changes == []
