"""Which changes of Services and Nodes concern the service controller."""

import copy
from typing import Any

import pytest

from sandbox.ccm import services
from tests.sandbox.ccm.world import port, service


def _node(**metadata: object) -> dict[str, Any]:
    return {"metadata": {"name": "n", **metadata}, "spec": {"providerID": "exoscale://x"}, "status": {}}


def test_a_load_balancer_class_is_somebody_elses() -> None:
    assert services.wants_load_balancer(service())
    assert not services.wants_load_balancer(service(loadBalancerClass="example.com/other"))
    assert not services.wants_load_balancer(service(type="ClusterIP"))


@pytest.mark.parametrize("change", ["deleted", "other type"])
def test_a_service_with_our_finalizer_is_cleaned_up(change: str) -> None:
    web = service()
    web["metadata"]["finalizers"] = [services.FINALIZER]
    assert not services.needs_cleanup(web)

    if change == "deleted":
        web["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    else:
        web["spec"]["type"] = "ClusterIP"
    assert services.needs_cleanup(web)
    web["metadata"]["finalizers"] = ["example.com/other"]
    assert not services.needs_cleanup(web)


@pytest.mark.parametrize(
    ("part", "field", "value", "relevant"),
    [
        ("spec", "ports", [port(81)], True),
        ("spec", "type", "ClusterIP", True),
        ("spec", "externalTrafficPolicy", "Local", True),
        ("metadata", "annotations", {"a": "b"}, True),
        ("metadata", "uid", "another", True),
        ("metadata", "labels", {"a": "b"}, False),
        ("metadata", "finalizers", [services.FINALIZER], False),
        ("spec", "selector", {"a": "b"}, False),
    ],
)
def test_only_what_shapes_the_load_balancer_makes_work(part: str, field: str, value: object, relevant: bool) -> None:
    old = service()
    new = copy.deepcopy(old)
    new[part][field] = value
    assert services.needs_update(old, new) is relevant


def test_nodes_count_as_backends_whether_ready_or_not() -> None:
    tainted = _node()
    tainted["spec"]["taints"] = [{"key": services.TO_BE_DELETED, "effect": "NoSchedule"}]
    unknown = _node()
    del unknown["spec"]["providerID"]
    excluded = _node(labels={services.EXCLUDED: ""})
    going = _node(deletionTimestamp="2026-01-01T00:00:00Z")
    plain = _node()

    assert services.backends([tainted, unknown, excluded, going, plain]) == [plain]


def test_a_node_concerns_load_balancers_when_it_comes_goes_or_is_initialised() -> None:
    plain, unknown, relabelled = _node(), _node(), _node(labels={"a": "b"})
    del unknown["spec"]["providerID"]

    assert services.concerns_load_balancers(None, plain)
    assert services.concerns_load_balancers(plain, None)
    assert services.concerns_load_balancers(unknown, plain)
    assert not services.concerns_load_balancers(plain, relabelled)
