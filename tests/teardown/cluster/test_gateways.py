"""The drain deletes a Gateway before the Service that it owns, and does not wait for one whose controller is gone."""

import pytest

from components.teardown.cluster import gateways, services
from tests.teardown.paper_api_server import PaperApiServer

FINALIZER = "example.com/gateway"


@pytest.fixture
def server() -> PaperApiServer:
    made = PaperApiServer()
    made.service("uid", "web")
    return made


def removed(server: PaperApiServer) -> tuple[list[str], list[str]]:
    said: list[str] = []
    return gateways.remove(server, services.load_balancers(server), 0, said.append), said


def test_a_gateway_that_owns_a_load_balancer_is_deleted_and_its_service_left_to_others(server: PaperApiServer) -> None:
    path = server.gateway("shop-gateway")

    assert removed(server) == ([], ["deleting Gateway shop/shop-gateway"])
    assert path not in server.objects
    assert server.names("services") == {"web"}


def test_one_whose_controller_is_dead_is_left_and_named_with_what_holds_it(server: PaperApiServer) -> None:
    server.gateway("stuck", FINALIZER)

    lines, _ = removed(server)

    assert lines == [f"leaving Gateway shop/stuck: nobody removes {FINALIZER}"]


def test_one_that_the_cluster_refuses_to_delete_is_named_with_the_reason(server: PaperApiServer) -> None:
    path = server.gateway("held")
    server.refusals[f"DELETE {path}"] = "a policy says no"

    lines, _ = removed(server)

    assert lines == ["leaving Gateway shop/held: the cluster refuses: a policy says no"]


def test_a_service_without_an_owner_or_with_another_one_names_no_gateway(server: PaperApiServer) -> None:
    assert removed(server) == ([], [])
    path = server.gateway("of-another-api")
    owners = server.objects["/api/v1/namespaces/shop/services/web"]["metadata"]["ownerReferences"]
    owners[0]["apiVersion"] = "networking.istio.io/v1"

    assert removed(server) == ([], [])
    assert path in server.objects
