"""Gateways of users' own controllers, which own Services of type LoadBalancer."""

from collections.abc import Callable

import pytest
import yaml

from runner.charts import GATEWAY_API
from tests.engine.faults.subject import Subject
from tests.engine.faults.users import FINALIZER, load_balancer

pytestmark = [pytest.mark.engine, pytest.mark.slow]

AssertGone = Callable[..., None]
GATEWAY = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway"}


def test_a_gateway_whose_controller_is_dead_is_named_and_its_load_balancer_goes(
    subject: Subject, assert_gone: AssertGone
) -> None:
    users = subject.users()
    users.apply(GATEWAY_API.read_text())
    users.kubectl("wait", "crd/gateways.gateway.networking.k8s.io", "--for=condition=Established", "--timeout=60s")
    metadata = {"name": "front", "namespace": "default", "finalizers": [FINALIZER]}
    users.apply(yaml.safe_dump({**GATEWAY, "metadata": metadata, "spec": {"gatewayClassName": "theirs"}}))
    uid = users.kubectl("get", "gateway", "front", "-n", "default", "-o", "jsonpath={.metadata.uid}")
    service = yaml.safe_load(load_balancer("front", "default"))
    service["metadata"]["ownerReferences"] = [{**GATEWAY, "name": "front", "uid": uid, "controller": True}]
    users.apply(yaml.safe_dump(service))
    users.address("front")

    assert f"leaving Gateway default/front: nobody removes {FINALIZER}" in subject.destroy().stdout
    assert_gone(subject)


def test_our_own_gateway_comes_up_unchanged_and_goes_with_a_users_route(
    make_subject: Callable[..., Subject], charts: Callable[[str], object], assert_gone: AssertGone
) -> None:
    """A definition is not deleted with the stack: a route with a finalizer would hold it for ever."""
    ingress = {"controller": "traefik", "gateway-api": True, "gateway-api-crds": str(GATEWAY_API)}
    subject = make_subject(ingress={**ingress, "chart": str(charts("traefik"))})
    subject.up()
    users = subject.users()
    assert users.kubectl.json("get", "gateway", "ingress", "-n", "ingress")["spec"]["gatewayClassName"] == "nginx"
    route = {"apiVersion": GATEWAY["apiVersion"], "kind": "HTTPRoute", "spec": {"parentRefs": [{"name": "ingress"}]}}
    metadata = {"name": "app", "namespace": "default", "finalizers": [FINALIZER]}
    users.apply(yaml.safe_dump({**route, "metadata": metadata}))

    assert subject.up().summary.resource_changes.keys() == {"same"}
    subject.destroy()
    assert_gone(subject)


def test_the_definitions_go_when_the_setting_does(
    make_subject: Callable[..., Subject], charts: Callable[[str], object], assert_gone: AssertGone
) -> None:
    ingress = {"controller": "traefik", "chart": str(charts("traefik")), "gateway-api-crds": str(GATEWAY_API)}
    subject = make_subject(ingress={**ingress, "gateway-api": True})
    subject.up()
    subject.set(ingress=ingress)
    subject.up()

    assert "gateway.networking.k8s.io" not in subject.users().kubectl("get", "crds")
    subject.destroy()
    assert_gone(subject)
