"""Challenges whose controller is gone are let go, and no others."""

import pytest

from components.teardown.cluster import challenges
from tests.teardown.paper_api_server import PaperApiServer

CONTROLLER = "/api/v1/namespaces/cert-manager/pods/cert-manager-1"
THEIRS = "example.com/theirs"


@pytest.fixture
def server() -> PaperApiServer:
    return PaperApiServer()


def runs(server: PaperApiServer, ready: str = "True", component: str = "controller") -> None:
    """A pod of cert-manager."""
    labels = {"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": component}
    server.objects[CONTROLLER] = {
        "metadata": {"name": "cert-manager-1", "namespace": "cert-manager", "labels": labels},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def let_go(server: PaperApiServer) -> list[str]:
    said: list[str] = []
    lines = challenges.let_go(server, said.append)
    assert lines == [line for line in said if line.startswith("let ")]
    return said


@pytest.mark.parametrize("finalizer", challenges.FINALIZERS)
def test_a_challenge_that_nobody_is_left_to_finish_is_let_go_by_name(server: PaperApiServer, finalizer: str) -> None:
    path = server.challenge("app-1", finalizer, THEIRS)

    assert let_go(server) == ["let Challenge shop/app-1 go: no pod of cert-manager is ready to finish it"]
    assert server.objects[path]["metadata"]["finalizers"] == [THEIRS]
    assert let_go(server) == []


def test_a_controller_that_is_not_ready_finishes_nothing(server: PaperApiServer) -> None:
    server.challenge("app-1", challenges.FINALIZERS[0])
    runs(server, ready="False")

    assert len(let_go(server)) == 1


def test_a_controller_that_runs_finishes_its_challenges_itself(server: PaperApiServer) -> None:
    path = server.challenge("app-1", challenges.FINALIZERS[0])
    runs(server)

    assert let_go(server) == []
    assert server.objects[path]["metadata"]["finalizers"] == [challenges.FINALIZERS[0]]


def test_the_webhook_of_cert_manager_is_no_controller(server: PaperApiServer) -> None:
    server.challenge("app-1", challenges.FINALIZERS[0])
    runs(server, component="webhook")

    assert len(let_go(server)) == 1


def test_a_challenge_without_its_finalizer_and_a_cluster_without_cert_manager_are_left_alone(
    server: PaperApiServer,
) -> None:
    assert let_go(server) == []
    path = server.challenge("app-1", THEIRS)

    assert let_go(server) == []
    assert server.objects[path]["metadata"]["finalizers"] == [THEIRS]


def test_one_that_the_cluster_refuses_to_change_is_named_and_does_not_stop_the_drain(server: PaperApiServer) -> None:
    path = server.challenge("app-1", challenges.FINALIZERS[0])
    server.refusals[f"PATCH {path}"] = "a policy says no"

    assert let_go(server) == ["Challenge shop/app-1 cannot be let go: a policy says no"]
