"""Which HTTPRoute Traefik chooses for a request."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.controllers.objects import Object
from sandbox.traffic.gateways import CONTROLLER
from sandbox.traffic.http import Forward, FromSecret, Own, Request
from tests.sandbox.traffic.objects import meta, secret, snapshot
from tests.sandbox.traffic.test_matching import APP, HOST, controller

PROVIDER = "--providers.kubernetesgateway"
CLASS = {"metadata": meta("traefik", None), "spec": {"controllerName": CONTROLLER}}


def gateway(**listener: Any) -> Object:
    one = {
        "name": "web",
        "port": 8000,
        "protocol": "HTTP",
        "allowedRoutes": {"namespaces": {"from": "All"}},
        **listener,
    }
    return {"metadata": meta("front", "ingress"), "spec": {"gatewayClassName": "traefik", "listeners": [one]}}


def match(value: str = "/", type_: str = "PathPrefix", service: str = "app", **more: Any) -> Object:
    refs = [{"name": service, "port": 80}]
    return {"matches": [{"path": {"type": type_, "value": value}, **more}], "backendRefs": refs}


def route(*rules: Object, hosts: tuple[str, ...] = (), **parent: Any) -> Object:
    parents = [{"name": "front", "namespace": "ingress", **parent}]
    spec = {"parentRefs": parents, "rules": list(rules), **({"hostnames": list(hosts)} if hosts else {})}
    return {"metadata": meta("route"), "spec": spec}


def asked(routes: list[Object], path: str = "/", host: str = HOST, flag: str = PROVIDER, **listener: Any) -> Any:
    seen = snapshot(*APP, CLASS, gateway(**listener), *routes, controller="traefik.io/ingress-controller")
    return controller("traefik", flag).route(Request(host, path, 8000), seen)


def is_served(*arguments: Any, **options: Any) -> bool:
    return isinstance(asked(*arguments, **options), Forward)


@given(paths=st.permutations(["/", "/a", "/a/b", "/other"]))
def test_the_longest_path_wins_in_any_order(paths: list[str]) -> None:
    routes = [route(match(path)) for path in paths]
    for wanted, chosen in {"/a/b/c": "/a/b", "/a/x": "/a", "/ab": "/", "/other": "/other"}.items():
        assert asked(routes, wanted).rule == f"PathPrefix(`{chosen}`)"


def test_an_exact_path_wins_and_says_what_it_is() -> None:
    outcome = asked([route(match("/a"), match("/a", "Exact"))], "/a")
    assert (outcome.rule, outcome.kind) == ("Path(`/a`)", "httproute")


def test_a_host_comes_before_no_host_and_a_star_stands_for_any_labels() -> None:
    routes = [route(match()), route(match(), hosts=(HOST,))]
    assert asked(routes).rule == f"Host(`{HOST}`) && PathPrefix(`/`)"
    assert asked(routes, host="other.example").rule == "PathPrefix(`/`)"
    assert is_served([route(match(), hosts=("*.example",))], host="a.b.example")


@pytest.mark.parametrize(("hosts", "expected"), [((HOST,), True), (("other.org",), False), ((), True)])
def test_a_listeners_host_limits_its_routes(hosts: tuple[str, ...], expected: bool) -> None:
    assert is_served([route(match(), hosts=hosts)], hostname="*.example") is expected


@pytest.mark.parametrize("parent", [{"name": "other"}, {"namespace": "demo"}, {"sectionName": "other"}, {"port": 8443}])
def test_a_route_of_another_parent_is_not_served(parent: dict[str, Any]) -> None:
    assert not is_served([route(match(), **parent)])


def test_a_listener_takes_routes_of_its_own_namespace_unless_it_says_more() -> None:
    assert not is_served([route(match())], allowedRoutes={})


def test_without_the_provider_or_on_another_port_nothing_is_served() -> None:
    assert not is_served([route(match())], flag="--other")
    assert not is_served([route(match())], port=8443)


def test_a_match_that_asks_for_more_than_host_and_path_is_left_out() -> None:
    assert not is_served([route(match(method="POST"))])


@pytest.mark.parametrize("more", [{"name": "missing"}, {"namespace": "elsewhere"}])
def test_a_backend_that_is_missing_or_in_another_namespace_is_the_servers_error(more: dict[str, Any]) -> None:
    rule = match()
    rule["backendRefs"][0] |= more
    assert asked([route(rule)]).status == 500


def test_a_broken_pattern_matches_nothing() -> None:
    assert not is_served([route(match("/(", "RegularExpression"))])
    assert is_served([route(match("/a.c", "RegularExpression"))], "/abc")


def test_a_listeners_certificate_is_shown_for_its_names() -> None:
    pair = secret("pair", HOST, namespace="ingress")
    secure = gateway(port=8443, protocol="HTTPS", tls={"certificateRefs": [{"name": "pair"}]})
    seen = snapshot(CLASS, secure, pair)
    assert controller("traefik", PROVIDER).handshake(HOST, seen) == FromSecret(pair)
    assert isinstance(controller("traefik", PROVIDER).handshake("other.example", seen), Own)
