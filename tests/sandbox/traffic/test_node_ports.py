"""What a node does with a connection to one of its ports."""

from typing import Any

import pytest

from sandbox.controllers.objects import Object
from sandbox.traffic.node_ports import answers, endpoints, on_node, target
from sandbox.traffic.snapshot import Snapshot
from tests.sandbox.traffic.objects import service, slice_of, snapshot

NODE_PORT, CHECK_PORT = 30080, 31000
PODS = (("pod-1", "node-1"), ("pod-2", "node-2"))


def exposed(policy: str = "Cluster", **spec: Any) -> Object:
    fields = {"nodePort": NODE_PORT, "targetPort": "http"}
    return service("app", port_fields=fields, **{"type": "LoadBalancer", "externalTrafficPolicy": policy, **spec})


def checked(seen: Snapshot, mode: str = "tcp", port: int = NODE_PORT) -> dict[str, bool | None]:
    return {node: answers(seen, node, {"mode": mode, "port": port}) for node in ("node-1", "node-2", "node-3")}


def test_with_policy_cluster_every_node_leads_to_every_pod() -> None:
    seen = snapshot(exposed(), slice_of("app", *PODS))
    towards = target(seen, NODE_PORT)
    assert towards is not None
    assert [one.pod for one in on_node(seen, "node-3", towards)] == ["demo/pod-1", "demo/pod-2"]
    assert checked(seen) == {"node-1": True, "node-2": True, "node-3": True}


def test_with_policy_local_only_nodes_with_a_pod_do() -> None:
    seen = snapshot(exposed("Local"), slice_of("app", *PODS))
    towards = target(seen, NODE_PORT)
    assert towards is not None
    assert [one.pod for one in on_node(seen, "node-1", towards)] == ["demo/pod-1"]
    assert checked(seen) == {"node-1": True, "node-2": True, "node-3": False}


def test_at_its_health_check_port_a_node_says_whether_it_has_a_ready_pod() -> None:
    seen = snapshot(exposed("Local", healthCheckNodePort=CHECK_PORT), slice_of("app", PODS[0]))
    assert checked(seen, "http", CHECK_PORT) == {"node-1": True, "node-2": False, "node-3": False}
    assert all(checked(seen, "tcp", CHECK_PORT).values())  # kube-proxy listens everywhere


def test_pods_that_are_not_ready_get_nothing_unless_they_are_the_last_and_only_ending() -> None:
    unready = snapshot(exposed(), slice_of("app", PODS[0], ready=False))
    assert checked(unready)["node-1"] is False
    ending = slice_of("app", PODS[0], ready=False, serving=True, terminating=True)
    assert checked(snapshot(exposed(), ending))["node-1"] is True
    local = exposed("Local", healthCheckNodePort=CHECK_PORT)
    assert checked(snapshot(local, ending), "http", CHECK_PORT)["node-1"] is False


@pytest.mark.parametrize(("port", "expected"), [(30081, False), (10256, None), (80, None)])
def test_nothing_listens_at_a_node_port_that_no_service_has_and_other_ports_are_unknown(
    port: int, expected: bool | None
) -> None:
    assert answers(snapshot(exposed(), slice_of("app", *PODS)), "node-1", {"mode": "tcp", "port": port}) is expected


def test_only_the_services_own_slices_count() -> None:
    one = exposed()
    other = slice_of("app", ("pod-9", "node-1"), namespace="elsewhere")
    seen = snapshot(one, slice_of("application", ("pod-8", "node-1")), other)
    assert endpoints(seen, one, one["spec"]["ports"][0]) == []


def test_a_service_that_is_not_exposed_has_no_node_port() -> None:
    assert target(snapshot(exposed(type="ClusterIP"), slice_of("app", *PODS)), NODE_PORT) is None
