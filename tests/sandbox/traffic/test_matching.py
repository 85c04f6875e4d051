"""Which Ingress and path each controller chooses for a request."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.controllers.objects import Object
from sandbox.traffic.controllers import controller_of
from sandbox.traffic.http import Controller, Forward, NoAnswer, Outcome, Redirect, Request
from tests.sandbox.traffic.objects import CONTROLLERS, ingress, ingress_class, path, pod, service, slice_of, snapshot

HOST = "app.example"
EVERY = pytest.mark.parametrize("kind", CONTROLLERS)
STRICT = "--providers.kubernetesingress.strictPrefixMatching=true"
APP = (service("app"), slice_of("app", ("app-1", "node-1")))


def controller(kind: str, *more: str) -> Controller:
    found = controller_of(pod(args=(*CONTROLLERS[kind][0], *more)))
    assert found is not None
    return found


def asked(kind: str, objects: tuple[Object, ...], target: str = "/", *more: str, **request: Any) -> Outcome:
    """What the controller does with a request, given with more flags and fields of the request."""
    port = 443 if request.get("secure") else 80
    if kind == "traefik":
        port = 8443 if request.get("secure") else 8000
    seen = snapshot(*APP, *objects, controller=CONTROLLERS[kind][1])
    return controller(kind, *more).route(Request(**{"host": HOST, "target": target, "port": port, **request}), seen)


def backend(outcome: Outcome) -> str:
    assert isinstance(outcome, Forward), outcome
    return str(outcome.backend["service"]["name"])


def status(outcome: Outcome) -> int:
    assert not isinstance(outcome, Forward), outcome
    return outcome.status


def test_each_controller_is_recognised_by_its_flags() -> None:
    titles = {kind: controller(kind).title for kind in CONTROLLERS}
    assert titles == {"f5": "F5 NGINX Ingress Controller", "ingress-nginx": "ingress-nginx", "traefik": "Traefik"}
    assert controller_of(pod(args=("--port=80",))) is None


@EVERY
@given(paths=st.permutations(["/", "/a", "/a/b", "/a/b/c", "/other"]), split=st.booleans())
def test_the_longest_path_wins_in_any_order(kind: str, paths: list[str], split: bool) -> None:
    rules = [path(one, f"service{one.replace('/', '-')}") for one in paths]
    backends = tuple(service(rule["backend"]["service"]["name"]) for rule in rules)
    # F5's controller gives a host to one Ingress.
    alone = kind == "f5" or not split
    ingresses = (
        [ingress("all", *rules, host=HOST)] if alone else [ingress(f"i{n}", r, host=HOST) for n, r in enumerate(rules)]
    )
    for wanted, name in {"/a/b/c/d": "/a/b/c", "/a/b": "/a/b", "/a/x": "/a", "/x": "/", "/other": "/other"}.items():
        assert backend(asked(kind, (*backends, *ingresses), wanted)) == f"service{name.replace('/', '-')}"


@EVERY
def test_an_exact_path_takes_nothing_below_it(kind: str) -> None:
    only = ingress("i", path("/a", "app", "Exact"), host=HOST)
    assert backend(asked(kind, (only,), "/a")) == "app"
    assert status(asked(kind, (only,), "/a/b")) == 404
    assert status(asked(kind, (only,), "/a/")) == 404


@pytest.mark.parametrize("kind", ["f5", "ingress-nginx"])
def test_nginx_prefers_an_exact_path(kind: str) -> None:
    both = ingress("i", path("/a", "app"), path("/a", "exact", "Exact"), host=HOST)
    assert backend(asked(kind, (both,), "/a")) == "exact"
    assert backend(asked(kind, (both,), "/a/b")) == "app"


def test_traefik_prefers_the_longer_rule_which_is_the_prefix() -> None:
    both = ingress("i", path("/a", "app"), path("/a", "exact", "Exact"), host=HOST)
    assert backend(asked("traefik", (both, service("exact")), "/a")) == "app"


def test_traefiks_strict_rule_for_everything_is_still_its_shortest_prefix() -> None:
    both = ingress("i", path("/", "app"), path("/a-long-exact-path", "exact", "Exact"), host=HOST)
    outcome = asked("traefik", (both, service("exact")), "/a-long-exact-path", STRICT)
    assert backend(outcome) == "exact"


@pytest.mark.parametrize(
    ("kind", "flags", "expected"),
    [
        ("f5", (), True),  # a plain location of NGINX
        ("ingress-nginx", (), False),
        ("traefik", (), True),
        ("traefik", (STRICT,), False),
    ],
)
def test_whether_a_prefix_ends_within_a_word(kind: str, flags: tuple[str, ...], expected: bool) -> None:
    outcome = asked(kind, (ingress("i", path("/roll"), host=HOST),), "/rickroller", *flags)
    assert isinstance(outcome, NoAnswer)
    outcome = asked(kind, (ingress("i", path("/rick"), host=HOST),), "/rickroller", *flags)
    assert isinstance(outcome, Forward) is expected


@EVERY
def test_the_query_and_double_slashes_do_not_matter(kind: str) -> None:
    assert backend(asked(kind, (ingress("i", path("/a/b"), host=HOST),), "//a/./b?c=/x")) == "app"


@EVERY
def test_another_host_gets_404(kind: str) -> None:
    outcome = asked(kind, (ingress("i", path("/"), host="other.example"),))
    assert isinstance(outcome, NoAnswer)
    assert outcome.status == 404


WILD = (ingress("w", path("/", "wild"), host="*.example"), ingress("n", path("/"), host=HOST), service("wild"))


@EVERY
def test_a_wildcard_takes_the_names_that_no_other_rule_has(kind: str) -> None:
    assert backend(asked(kind, WILD, host="b.example")) == "wild"


@pytest.mark.parametrize(("kind", "expected"), [("f5", "app"), ("ingress-nginx", "app"), ("traefik", "wild")])
def test_a_name_comes_before_a_wildcard_but_for_traefik_whose_longer_rule_wins(kind: str, expected: str) -> None:
    assert backend(asked(kind, WILD)) == expected


@pytest.mark.parametrize(("kind", "expected"), [("f5", True), ("ingress-nginx", False), ("traefik", False)])
def test_how_many_labels_a_wildcard_stands_for(kind: str, expected: bool) -> None:
    outcome = asked(kind, (ingress("w", path("/"), host="*.example"),), host="a.b.example")
    assert isinstance(outcome, Forward) is expected


@pytest.mark.parametrize("kind", ["ingress-nginx", "traefik"])
def test_rules_without_a_host_are_for_all(kind: str) -> None:
    assert backend(asked(kind, (ingress("i", path("/a")),), "/a")) == "app"


def test_f5_rejects_rules_without_a_host_unless_told_otherwise() -> None:
    rules = (ingress("i", path("/a")),)
    rejected = asked("f5", rules, "/a")
    assert isinstance(rejected, NoAnswer)
    assert "demo/i: a rule has no host, and the controller runs without -allow-empty-ingress-host" in rejected.why
    assert backend(asked("f5", rules, "/a", "-allow-empty-ingress-host=true")) == "app"


def test_f5_gives_a_host_to_the_oldest_ingress_unless_they_are_mergeable() -> None:
    first, second = ingress("first", path("/a"), host=HOST), ingress("second", path("/b"), host=HOST)
    for both in ((first, second), (second, first)):
        assert backend(asked("f5", both, "/a")) == "app"
        assert status(asked("f5", both, "/b")) == 404
    kind = "nginx.org/mergeable-ingress-type"
    master = ingress("master", host=HOST, annotations={kind: "master"})
    minions = [ingress(n, path(f"/{n}"), host=HOST, annotations={kind: "minion"}) for n in ("a", "b")]
    assert backend(asked("f5", (master, *minions), "/b")) == "app"


def test_ingress_nginx_and_traefik_put_the_paths_of_a_host_together() -> None:
    for kind in ("ingress-nginx", "traefik"):
        rules = [ingress(n, path(f"/{n}"), host=HOST) for n in ("a", "b")]
        assert backend(asked(kind, tuple(rules), "/b")) == "app"


def test_of_the_same_path_twice_ingress_nginx_takes_the_older_ingress() -> None:
    older, younger = ingress("older", path("/a"), host=HOST), ingress("younger", path("/a", "late"), host=HOST)
    assert {backend(asked("ingress-nginx", both, "/a")) for both in itertools.permutations([older, younger])} == {"app"}


# --- classes


@EVERY
def test_ingresses_of_another_class_are_not_served(kind: str) -> None:
    other = ingress_class("example.com/other", "other")
    assert status(asked(kind, (ingress("i", path(), host=HOST, ingressClassName="other"), other))) == 404
    assert status(asked(kind, (ingress("i", path(), host=HOST, ingressClassName="missing"),))) == 404


@EVERY
def test_a_class_whose_controller_is_another_is_not_served(kind: str) -> None:
    seen = snapshot(*APP, ingress("i", path(), host=HOST), controller="example.com/other")
    assert isinstance(controller(kind).route(Request(HOST, "/", 8000), seen), NoAnswer)


@EVERY
def test_the_older_annotation_names_a_class_too(kind: str) -> None:
    one = ingress("i", path(), host=HOST, annotations={"kubernetes.io/ingress.class": "nginx"})
    del one["spec"]["ingressClassName"]
    assert backend(asked(kind, (one,))) == "app"


@EVERY
def test_an_ingress_without_a_class_is_nobodys(kind: str) -> None:
    one = ingress("i", path(), host=HOST)
    del one["spec"]["ingressClassName"]
    assert status(asked(kind, (one,))) == 404


def test_ingress_nginx_may_be_told_to_serve_ingresses_without_a_class() -> None:
    one = ingress("i", path(), host=HOST)
    del one["spec"]["ingressClassName"]
    assert backend(asked("ingress-nginx", (one,), "/", "--watch-ingress-without-class=true")) == "app"


def test_ingress_nginx_serves_every_class_of_its_controller() -> None:
    other = ingress_class("k8s.io/ingress-nginx", "other")
    one = ingress("i", path(), host=HOST, ingressClassName="other")
    assert backend(asked("ingress-nginx", (one, other))) == "app"
    assert status(asked("f5", (one, ingress_class("nginx.org/ingress-controller", "other")))) == 404


# --- annotations of ingress-nginx

NGINX = "nginx.ingress.kubernetes.io/"
REWRITE = {f"{NGINX}use-regex": "true", f"{NGINX}rewrite-target": "/$2"}
NGINX_PROVIDER = ("--providers.kubernetesingressnginx",)


def rewriting() -> Object:
    return ingress("i", path("/app(/|$)(.*)", type_="ImplementationSpecific"), host=HOST, annotations=REWRITE)


def forwarded(outcome: Outcome) -> str:
    assert isinstance(outcome, Forward), outcome
    return outcome.path


def test_ingress_nginx_rewrites_what_its_pattern_found() -> None:
    assert forwarded(asked("ingress-nginx", (rewriting(),), "/app/x/y")) == "/x/y"
    assert forwarded(asked("ingress-nginx", (rewriting(),), "/APP")) == "/"
    assert status(asked("ingress-nginx", (rewriting(),), "/other")) == 404


def test_a_rewrite_without_a_pattern_leads_every_path_to_one() -> None:
    one = ingress("i", path("/app"), host=HOST, annotations={f"{NGINX}rewrite-target": "/"})
    assert forwarded(asked("ingress-nginx", (one,), "/app/x")) == "/"


def test_a_rewrite_makes_all_paths_of_its_host_patterns() -> None:
    plain = ingress("plain", path("/pl.in", "plain"), host=HOST)
    assert backend(asked("ingress-nginx", (rewriting(), plain), "/plain/x")) == "plain"
    assert status(asked("ingress-nginx", (plain,), "/plain/x")) == 404


def test_a_broken_pattern_matches_nothing() -> None:
    one = ingress("i", path("/(", type_="ImplementationSpecific"), host=HOST, annotations=REWRITE)
    assert status(asked("ingress-nginx", (one,), "/(")) == 404


def test_the_other_controllers_ignore_them() -> None:
    one = ingress("i", path("/app"), host=HOST, annotations={f"{NGINX}rewrite-target": "/"})
    for kind in ("f5", "traefik"):
        assert forwarded(asked(kind, (one,), "/app/x")) == "/app/x"


def test_traefik_honours_them_with_its_provider_for_ingress_nginx() -> None:
    seen = (rewriting(), ingress_class("k8s.io/ingress-nginx"))
    assert forwarded(asked("traefik", seen, "/app/x/y", *NGINX_PROVIDER)) == "/x/y"
    assert status(asked("traefik", seen, "/app/x/y")) == 404


def test_traefik_may_serve_its_own_class_as_ingress_nginx_would() -> None:
    compatible = (
        "--providers.kubernetesingress=false",
        *NGINX_PROVIDER,
        "--providers.kubernetesingressnginx.controllerclass=traefik.io/ingress-controller",
    )
    assert forwarded(asked("traefik", (rewriting(),), "/app/x/y", *compatible)) == "/x/y"
    assert status(asked("traefik", (ingress("i", path("/rick"), host=HOST),), "/rickroller", *compatible)) == 404
    assert status(asked("traefik", (ingress("i", path(), host=HOST, tls=TLS),), "/", *compatible)) == 308


# --- backends


@EVERY
def test_what_no_endpoint_answers(kind: str) -> None:
    one = ingress("i", path(), host=HOST)
    seen = snapshot(service("app"), one, controller=CONTROLLERS[kind][1])
    outcome = controller(kind).route(Request(HOST, "/", 8000), seen)
    assert isinstance(outcome, Forward)
    assert controller(kind).without_endpoints(outcome).status == (502 if kind == "f5" else 503)


def test_traefik_makes_no_router_for_a_service_that_is_missing_or_unless_allowed_empty() -> None:
    one = ingress("i", path(), host=HOST)
    assert status(asked("traefik", (ingress("i", path("/", "missing"), host=HOST),))) == 404
    seen = snapshot(service("app"), one, controller=CONTROLLERS["traefik"][1])
    strict = controller("traefik", "--providers.kubernetesingress.allowEmptyServices=false")
    assert isinstance(strict.route(Request(HOST, "/", 8000), seen), NoAnswer)


@EVERY
def test_a_default_backend_takes_the_rest(kind: str) -> None:
    default = {"service": {"name": "rest", "port": {"number": 80}}}
    one = ingress("i", path("/a"), host=HOST, defaultBackend=default)
    if kind == "traefik":  # only of an Ingress without rules
        assert status(asked(kind, (one, service("rest")), "/b")) == 404
        one = ingress("i", defaultBackend=default)
        del one["spec"]["rules"]
    assert backend(asked(kind, (one, service("rest")), "/b")) == "rest"


# --- redirects

TLS = [{"hosts": [HOST], "secretName": "pair"}]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("f5", (301, f"https://{HOST}:443/a?b=c")), ("ingress-nginx", (308, f"https://{HOST}/a?b=c"))],
)
def test_with_tls_plain_http_is_redirected(kind: str, expected: tuple[int, str]) -> None:
    one = ingress("i", path(), host=HOST, tls=TLS)
    outcome = asked(kind, (one,), "/a?b=c")
    assert isinstance(outcome, Redirect)
    assert (outcome.status, outcome.location) == expected
    assert backend(asked(kind, (one,), "/a?b=c", secure=True)) == "app"


@pytest.mark.parametrize(
    ("kind", "annotation"), [("f5", "nginx.org/ssl-redirect"), ("ingress-nginx", f"{NGINX}ssl-redirect")]
)
def test_a_redirect_can_be_switched_off(kind: str, annotation: str) -> None:
    one = ingress("i", path(), host=HOST, tls=TLS, annotations={annotation: "false"})
    assert backend(asked(kind, (one,))) == "app"


def test_traefik_redirects_where_its_entry_point_or_provider_does() -> None:
    one = ingress("i", path(), host=HOST, tls=TLS)
    assert backend(asked("traefik", (one,))) == "app"
    assert status(asked("traefik", (one,), "/", "--entryPoints.web.http.redirections.entryPoint.to=:443")) == 301
    assert status(asked("traefik", (one, ingress_class("k8s.io/ingress-nginx")), "/", *NGINX_PROVIDER)) == 308


def test_f5_serves_only_hosts_with_tls_over_tls() -> None:
    assert status(asked("f5", (ingress("i", path(), host=HOST),), secure=True)) == 404
