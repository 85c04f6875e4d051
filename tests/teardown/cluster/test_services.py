"""The Services of a cluster that hold NLBs."""

import pytest

from components.teardown.cluster import services
from tests.teardown.paper_api_server import PaperApiServer

WEB = "/api/v1/namespaces/shop/services/web"


@pytest.fixture
def server() -> PaperApiServer:
    """Two load balancers, and a Service that is none."""
    made = PaperApiServer()
    made.service("1", id="nlb-1")
    made.service("2", "attached", id="nlb-2", external="true")
    made.objects["/api/v1/namespaces/shop/services/db"] = {
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"type": "ClusterIP"},
    }
    return made


def test_only_one_that_says_so_is_attached_to_an_nlb_that_it_does_not_own(server: PaperApiServer) -> None:
    found = {services.name(one): services.external(one) for one in services.load_balancers(server)}

    assert found == {"shop/web": "", "shop/attached": "nlb-2"}


def test_all_of_them_go_and_no_other_service_does(server: PaperApiServer, said: list[str]) -> None:
    assert services.remove(server, 60, said.append) == []
    assert server.names("services") == {"db"}
    assert {"deleting Service shop/web", "deleting Service shop/attached"} <= {*said}


@pytest.fixture
def stuck() -> PaperApiServer:
    """One load balancer, whose controller is dead."""
    made = PaperApiServer()
    made.service("1", id="nlb-1")
    made.objects[WEB]["metadata"]["finalizers"] = ["service.kubernetes.io/load-balancer-cleanup"]
    return made


def test_one_that_is_stuck_is_named_with_its_nlb_finalizers_and_the_last_complaint(
    stuck: PaperApiServer, said: list[str]
) -> None:
    stuck.objects["/api/v1/namespaces/shop/events/1"] = {"message": "older", "lastTimestamp": "1"}
    stuck.objects["/api/v1/namespaces/shop/events/2"] = {"message": "Forbidden", "lastTimestamp": "2"}

    (left,) = services.remove(stuck, 0, said.append)

    why = (
        "NLB nlb-1 is held by Service shop/web (finalizers: service.kubernetes.io/load-balancer-cleanup; "
        'last warning: "Forbidden")'
    )
    assert services.blocker(stuck, left) == why
    assert f"waiting: {why}" in said


def test_one_whose_nlb_is_gone_is_let_go(stuck: PaperApiServer, said: list[str]) -> None:
    left = services.remove(stuck, 0, said.append)

    assert services.release(stuck, left, 60, said.append) == ([], {})
    assert stuck.names("services") == set()


@pytest.mark.parametrize("on_its_way", [False, True])
def test_one_that_the_cluster_refuses_to_let_go_is_left_with_what_was_said(
    stuck: PaperApiServer, said: list[str], on_its_way: bool
) -> None:
    """One that is not on its way out keeps its finalizers, or a controller would give it another NLB."""
    if on_its_way:
        stuck.delete(WEB)
    stuck.refusals = {f"{'PATCH' if on_its_way else 'DELETE'} {WEB}": "admission webhook denied the request"}

    left = services.remove(stuck, 0, said.append)

    assert services.release(stuck, left, 60, said.append) == ([], {"shop/web": "admission webhook denied the request"})
    assert stuck.objects[WEB]["metadata"]["finalizers"]
    refused = "waiting: the cluster refuses to delete Service shop/web: admission webhook denied the request"
    assert (refused in said) is not on_its_way
